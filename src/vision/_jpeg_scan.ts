import { JpegBits } from "./_jpeg_bits.ts";
import { readAc, readDc, readWholeBlock, refineAc, refineDc } from "./_jpeg_blocks.ts";
import type { ReadBlock, ScanState } from "./_jpeg_blocks.ts";
import type { JpegComponent, JpegFrame } from "./_jpeg_frame.ts";
import { unitsOf } from "./_jpeg_frame.ts";
import type { JpegScan } from "./_jpeg_markers.ts";

/** Where the coefficients of a block are read into, and what is done when they are there. */
export interface BlockTarget {
  readonly coefficients: Int16Array;
  /** Place of the first coefficient of a block, before it is read. */
  begin(component: number, row: number, column: number): number;
  /** Called when it was read. */
  end(component: number, row: number, column: number): void;
}

/** Reads all blocks of a scan. */
export function readScan(
  bytes: Uint8Array,
  frame: JpegFrame,
  scan: JpegScan,
  target: BlockTarget,
): void {
  const read = readerOf(frame, scan);
  const components = scan.components.map(({ index }) => frame.components[index]);
  const units = unitsOf(frame, components);
  const state: ScanState = { last: new Int32Array(frame.components.length), endOfBand: 0 };
  let bits = new JpegBits(bytes, 0, 0);
  const readBlock = (i: number, row: number, column: number): void => {
    const component = scan.components[i];
    const at = target.begin(component.index, row, column);
    read(bits, target.coefficients, at, component, scan, state);
    target.end(component.index, row, column);
  };
  const isSingle = components.length === 1;
  const columns = isSingle
    ? Math.ceil(components[0].width / 8)
    : components[0].blockColumns / components[0].h;
  for (let unit = 0; unit < units; unit++) {
    if (unit % scan.interval === 0) {
      bits.checkEnd();
      bits = new JpegBits(bytes, ...scan.intervals[unit / scan.interval]);
      state.last.fill(0);
      state.endOfBand = 0;
    }
    const row = Math.floor(unit / columns), column = unit % columns;
    if (isSingle) readBlock(0, row, column);
    else components.forEach((component, i) => readUnit(component, i, row, column, readBlock));
  }
  bits.checkEnd();
}

/** The blocks of a component in a unit of several components. */
function readUnit(
  { h, v }: JpegComponent,
  i: number,
  row: number,
  column: number,
  readBlock: (i: number, row: number, column: number) => void,
): void {
  for (let y = 0; y < v; y++) {
    for (let x = 0; x < h; x++) readBlock(i, row * v + y, column * h + x);
  }
}

function readerOf({ progressive }: JpegFrame, { first, high }: JpegScan): ReadBlock {
  if (!progressive) return readWholeBlock;
  if (first === 0) return high === 0 ? readDc : refineDc;
  return high === 0 ? readAc : refineAc;
}
