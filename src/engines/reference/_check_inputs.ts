/** What a run assures of the values of inputs that are indices. */
import type { Index, Program, ProgramTensor } from "../../program/program.ts";
import { ProgramError } from "../../program/verdict.ts";

type ReadTensor = (tensor: Index) => ArrayLike<number>;

/**
 * Checks the inputs that an entry uses.
 *
 * @param values Values of the expressions in this run.
 * @throws {ProgramError} `bad_input`.
 */
export function checkInputs(
  program: Program,
  entry: number,
  values: ArrayLike<number>,
  read: ReadTensor,
): void {
  const { first, count } = program.entries[entry];
  const used = new Set<Index>();
  for (const { operands } of program.instructions.slice(first, first + count)) {
    for (const view of operands) if (view >= 0) used.add(program.views[view].tensor);
  }
  for (const i of used) {
    const tensor = program.tensors[i];
    if (tensor.check === "none") continue;
    const length = values[tensor.extents[0]];
    const given = Array.from({ length }, (_, at) => read(i)[at]);
    const offsets = tensor.check === "past" ? read(tensor.offsets) : [];
    const bad = firstBad(tensor, given, values[tensor.limit], offsets);
    if (bad >= 0) {
      throw new ProgramError(
        "bad_input",
        `${tensor.name}[${bad}] = ${given[bad]} fails "${tensor.check}", limit ${
          values[tensor.limit]
        }`,
      );
    }
  }
}

/** Index of the first value that fails, or −1. */
function firstBad(
  { check }: ProgramTensor,
  given: readonly number[],
  limit: number,
  offsets: ArrayLike<number>,
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
        i === 0 ? value !== 0 : value < given[i - 1] || (i === given.length - 1 && value !== limit)
      );
    case "past":
      return given.findIndex((value, i) =>
        value < 0 || value + (offsets[i + 1] - offsets[i]) > limit
      );
    default:
      return -1;
  }
}
