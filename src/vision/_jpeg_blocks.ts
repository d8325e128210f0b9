import type { JpegBits } from "./_jpeg_bits.ts";
import { invalidJpeg } from "./_jpeg_error.ts";
import { type HuffmanTable, ZIGZAG } from "./_jpeg_tables.ts";

// The five ways in which a scan codes the coefficients of a block: all at once (T.81, F.2), or in progressive files (G.2)
// those of lowest frequency or a band of the others, first their high bits, then one more bit in each scan.

/** What the header of a scan says of coefficients. */
export interface Band {
  /** First and last of them in the order of the file. */
  readonly first: number;
  readonly last: number;
  /** Bits that came before, 0 in a first scan, and bits that come later. */
  readonly high: number;
  readonly low: number;
}

/** What a restart sets back. */
export interface ScanState {
  /** The DC coefficient of the last block, by component. */
  readonly last: Int32Array;
  /** Blocks that follow without further coefficients in the band. */
  endOfBand: number;
}

/** What a component has in a scan. */
export interface ScanComponent {
  /** Its place in {@linkcode ScanState.last}. */
  readonly index: number;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

/** Reads what a scan has of a block whose coefficients begin at `at`. */
export type ReadBlock = (
  bits: JpegBits,
  out: Int16Array,
  at: number,
  component: ScanComponent,
  band: Band,
  state: ScanState,
) => void;

/** All coefficients. */
export const readWholeBlock: ReadBlock = (bits, out, at, component, band, state) => {
  readDc(bits, out, at, component, band, state);
  const table = requireTable(component.ac);
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(table);
    const size = symbol & 15;
    k += symbol >> 4;
    if (size === 0) {
      if (symbol !== 0xf0) return;
      continue;
    }
    if (k > 63) throw invalidJpeg("damaged, too many coefficients in a block");
    out[at + ZIGZAG[k]] = bits.signed(size);
  }
};

/** The DC coefficient, or its high bits. */
export const readDc: ReadBlock = (bits, out, at, { index, dc }, { low }, { last }) => {
  const size = bits.symbol(requireTable(dc));
  if (size > 15) throw invalidJpeg("damaged, a difference of too many bits");
  if (size > 0) last[index] += bits.signed(size);
  out[at] = last[index] << low;
};

/** One more bit of the DC coefficient. */
export const refineDc: ReadBlock = (bits, out, at, _component, { low }) => {
  if (bits.bits(1) === 1) out[at] |= 1 << low;
};

/** High bits of a band. */
export const readAc: ReadBlock = (bits, out, at, { ac }, { first, last, low }, state) => {
  if (state.endOfBand > 0) {
    state.endOfBand--;
    return;
  }
  const table = requireTable(ac);
  for (let k = first; k <= last; k++) {
    const symbol = bits.symbol(table);
    const run = symbol >> 4, size = symbol & 15;
    if (size > 0) {
      k += run;
      if (k > last) throw invalidJpeg("damaged, too many coefficients in a block");
      out[at + ZIGZAG[k]] = bits.signed(size) << low;
    } else if (run === 15) k += 15;
    else {
      state.endOfBand = (1 << run) - 1 + (run > 0 ? bits.bits(run) : 0);
      return;
    }
  }
};

/** One more bit of the coefficients of a band that are not zero, and new ones of one bit. */
export const refineAc: ReadBlock = (bits, out, at, { ac }, { first, last, low }, state) => {
  const one = 1 << low;
  const refine = (place: number): void => {
    const value = out[place];
    if (bits.bits(1) === 1 && (value & one) === 0) out[place] = value + (value >= 0 ? one : -one);
  };
  let k = first;
  if (state.endOfBand === 0) {
    const table = requireTable(ac);
    for (; k <= last; k++) {
      const symbol = bits.symbol(table);
      let run = symbol >> 4;
      if ((symbol & 15) === 0 && run < 15) {
        state.endOfBand = (1 << run) + (run > 0 ? bits.bits(run) : 0);
        break;
      }
      if ((symbol & 15) > 1) throw invalidJpeg("damaged, a refinement of several bits");
      const added = (symbol & 15) === 0 ? 0 : bits.bits(1) === 1 ? one : -one;
      for (; k <= last; k++) {
        const place = at + ZIGZAG[k];
        if (out[place] !== 0) refine(place);
        else if (--run < 0) break;
      }
      if (added === 0) continue;
      if (k > last) throw invalidJpeg("damaged, too many coefficients in a block");
      out[at + ZIGZAG[k]] = added;
    }
  }
  if (state.endOfBand > 0) {
    for (; k <= last; k++) if (out[at + ZIGZAG[k]] !== 0) refine(at + ZIGZAG[k]);
    state.endOfBand--;
  }
};

function requireTable(table: HuffmanTable | undefined): HuffmanTable {
  if (table === undefined) throw invalidJpeg("a table is missing or damaged");
  return table;
}
