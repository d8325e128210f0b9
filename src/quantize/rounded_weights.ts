/** Weights of 4 bits that were rounded once, for all that follows from them; two codes a byte. */
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { bytesOf } from "../tensor.ts";
import type { ShiftedWeight } from "./shifted_weights.ts";

/** Weights as they are kept. */
export interface RoundedWeight extends Omit<ShiftedWeight, "codes"> {
  /** `[N·K/2]`, the first of two codes in the lower half of a byte. */
  readonly nibbles: Uint8Array;
  /** Elements. */
  readonly length: number;
  /** Codes of 0. */
  readonly zero: Uint8Array;
  /** Of each group, which range factor it has. */
  readonly ranges: Uint8Array;
}

/** Packs weights. */
export function packRounded(
  { codes, zero, ...grid }: ShiftedWeight,
  ranges: Uint8Array,
): RoundedWeight {
  if (zero === undefined) throw new FewbitError("internal", "Weights of 8 bits");
  const nibbles = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < codes.length; i++) nibbles[i >> 1] |= codes[i] << 4 * (i & 1);
  return { ...grid, zero, ranges, nibbles, length: codes.length };
}

/** Unpacks them. */
export function unpackRounded({ nibbles, length, ...grid }: RoundedWeight): ShiftedWeight {
  const codes = new Uint8Array(length);
  for (let i = 0; i < length; i++) codes[i] = nibbles[i >> 1] >> 4 * (i & 1) & 15;
  return { ...grid, codes };
}

/** The weights of a block as text: bytes in base64. */
export function writeRounded(block: ReadonlyMap<string, RoundedWeight>): string {
  const text = (view: ArrayBufferView): string => encodeBase64(bytesOf(view));
  return JSON.stringify(
    Object.fromEntries(
      [...block].map(([name, { scales, zero, factor, ranges, nibbles, length, group }]) => [name, {
        length,
        group,
        scales: text(scales),
        zero: text(zero),
        ...factor && { factor: text(factor) },
        ranges: text(ranges),
        nibbles: text(nibbles),
      }]),
    ),
  );
}

/**
 * Reads what {@linkcode writeRounded} wrote.
 *
 * @throws {FewbitError} `invalid_file` where it is something else.
 */
export function readRounded(text: string): Map<string, RoundedWeight> {
  const block = parseJson("Cannot read rounded weights", text);
  const bytes = (value: unknown): Uint8Array<ArrayBuffer> => {
    const read = typeof value === "string" ? decodeBase64(value) : undefined;
    if (read !== undefined) return read;
    throw new FewbitError("invalid_file", "Cannot read rounded weights: expected base64");
  };
  return new Map(
    Object.entries(Object(block) as Record<string, Record<string, unknown>>).map(
      ([name, weight]) => {
        const { length, group, factor } = Object(weight);
        const [zero, ranges, nibbles] = [weight.zero, weight.ranges, weight.nibbles].map(bytes);
        const scales = new Float32Array(bytes(weight.scales).buffer);
        const groups = Math.ceil(length / scales.length / group) * scales.length;
        if (nibbles.length !== Math.ceil(length / 2) || zero.length !== groups) {
          throw new FewbitError("invalid_file", `Cannot read rounded weights: sizes of "${name}"`);
        }
        const common = { length, group, scales, zero, ranges, nibbles };
        return [name, { ...common, ...factor !== undefined && { factor: bytes(factor) } }];
      },
    ),
  );
}
