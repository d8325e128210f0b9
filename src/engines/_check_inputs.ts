/** What a run assures of the values of inputs that are indices, before anything is written. */
import type { Index, Program, ProgramTensor } from "../program/program.ts";
import { ProgramError } from "../program/verdict.ts";
import type { TensorData } from "../tensor.ts";

/**
 * Checks the inputs of an entry.
 *
 * @param values Values of the expressions in this run.
 * @param given What was given for each tensor, of the right size.
 * @throws {ProgramError} `bad_input`.
 */
export function checkInputValues(
  program: Program,
  values: ArrayLike<number>,
  given: ReadonlyMap<Index, TensorData>,
): void {
  for (const [i, data] of given) {
    const tensor = program.tensors[i];
    if (tensor.check === "none") continue;
    const numbers = integersOf(data);
    const limit = values[tensor.limit];
    const offsets = tensor.check === "past" ? given.get(tensor.offsets) : undefined;
    const bad = firstBad(tensor, numbers, limit, offsets && integersOf(offsets));
    if (bad < 0) continue;
    throw new ProgramError(
      "bad_input",
      `${tensor.name}[${bad}] = ${numbers[bad]} fails "${tensor.check}", limit ${limit}`,
    );
  }
}

/** Checked inputs are int32, but may come as raw bytes, which need not be aligned. */
function integersOf(data: TensorData): Int32Array {
  if (data instanceof Int32Array) return data;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Int32Array(bytes.slice().buffer);
}

/** Index of the first value that fails, or −1. */
function firstBad(
  { check }: ProgramTensor,
  given: Int32Array,
  limit: number,
  offsets: Int32Array | undefined,
): number {
  const outside = (value: number): boolean => value < 0 || value >= limit;
  const seen = new Set<number>();
  switch (check) {
    case "below":
      return given.findIndex(outside);
    case "distinct":
      return given.findIndex((value) => outside(value) || seen.size === seen.add(value).size);
    case "offsets":
      return given.findIndex((value, i) =>
        (i === 0 ? value !== 0 : value < given[i - 1]) ||
        (i === given.length - 1 && value !== limit)
      );
    case "past":
      return given.findIndex((value, i) =>
        value < 0 || offsets === undefined || value + (offsets[i + 1] - offsets[i]) > limit
      );
    default:
      return -1;
  }
}
