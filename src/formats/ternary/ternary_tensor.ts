import { FewbitError } from "../../errors.ts";
import { elementCount } from "../../tensor.ts";
import type { LazyTensor } from "../../tensor.ts";

/** Weights that are −1, 0 or 1 times a scale. */
export interface TernaryTensor {
  /** Tells it from a `Tensor`. */
  readonly dtype: "ternary";
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** −1, 0 or 1 for each weight, row-major. */
  readonly trits: Int8Array<ArrayBuffer>;
  /** Weight `i` is `trits[i] · scales[⌊i / blockSize⌋]`. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** Weights that share a scale: all of them where `scales` has one element. */
  readonly blockSize: number;
}

/** A tensor that is read each time it is asked for, maybe as ternary weights. */
export interface LazyWeight extends LazyTensor {
  /** Reads it as trits, where it is ternary. */
  readonly readTernary?: () => TernaryTensor;
}

/**
 * Makes a tensor with one scale where all blocks agree. Blocks of zeros agree with every scale,
 * since quantisers give them 0.
 */
export function ternaryOfBlocks(
  shape: readonly number[],
  trits: Int8Array<ArrayBuffer>,
  scales: Float32Array<ArrayBuffer>,
  blockSize: number,
): TernaryTensor {
  let common: number | undefined;
  for (let block = 0; block < scales.length; block++) {
    if (scales[block] === common) continue;
    if (isZero(trits.subarray(block * blockSize, (block + 1) * blockSize))) continue;
    if (common !== undefined) return { dtype: "ternary", shape, trits, scales, blockSize };
    common = scales[block];
  }
  return {
    dtype: "ternary",
    shape,
    trits,
    scales: Float32Array.of(common ?? 0),
    blockSize: trits.length,
  };
}

/** Whether all trits are 0. */
export function isZero(trits: Int8Array): boolean {
  return trits.every((trit) => trit === 0);
}

/** Refuses a tensor whose parts do not fit each other. */
export function checkTernary(format: string, tensor: TernaryTensor): void {
  const { shape, trits, scales, blockSize } = tensor;
  const count = elementCount(shape);
  if (trits.length !== count || scales.length * blockSize !== count) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot write ${format}: ${trits.length} trits and ${scales.length} scales of ${blockSize} ` +
        `weights each, expected ${count} for [${shape}]`,
    );
  }
  const wrong = trits.find((trit) => trit < -1 || trit > 1);
  if (wrong !== undefined) {
    throw new FewbitError("invalid_argument", `Cannot write ${format}: ${wrong} is not a trit`);
  }
  const infinite = scales.find((scale) => !Number.isFinite(scale));
  if (infinite !== undefined) {
    throw new FewbitError("invalid_argument", `Cannot write ${format}: a scale is ${infinite}`);
  }
}

/** The scale of a whole tensor, for layouts that have no other. */
export function onlyScale(format: string, { scales }: TernaryTensor): number {
  if (scales.length === 1) return scales[0];
  throw new FewbitError(
    "invalid_argument",
    `Cannot write ${format}: the tensor has ${scales.length} scales, expected 1`,
  );
}

/** An error for bytes that no ternary tensor has. */
export function invalidTernary(format: string, problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read ${format}: ${problem}`);
}
