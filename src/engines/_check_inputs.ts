/** What a run assures of its inputs before anything is written. */
import { FewbitError } from "../errors.ts";
import type { Index, Program, ProgramTensor } from "../program/program.ts";
import { ProgramError } from "../program/verdict.ts";
import { bytesOf, denseBytes } from "../tensor.ts";
import type { TensorData } from "../tensor.ts";
import type { Inputs } from "./engine.ts";
import { checkType } from "./check_type.ts";
import { own } from "./_own.ts";

/**
 * The data of the inputs that an entry uses, with types, sizes and values as they have to be.
 *
 * @param values Values of the expressions in this run.
 * @throws {FewbitError} `invalid_argument`, `dtype_mismatch` or `shape_mismatch`; of values
 * {@linkcode ProgramError} `bad_input`.
 */
export function checkInputs(
  program: Program,
  used: readonly Index[],
  inputs: Inputs,
  values: ArrayLike<number>,
): Map<Index, TensorData> {
  const { tensors } = program;
  const given = new Map<Index, TensorData>();
  const names = used.filter((i) => tensors[i].region === "input").map((i) => tensors[i].name);
  for (const name of Object.keys(inputs)) {
    if (!names.includes(name)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot run: unknown input "${name}", expected ${names.join(", ")}`,
      );
    }
  }
  for (const i of used) {
    const tensor = tensors[i];
    if (tensor.region !== "input") continue;
    const data = own(inputs, tensor.name);
    if (data === undefined) {
      throw new FewbitError("invalid_argument", `Cannot run: input "${tensor.name}" is missing`);
    }
    const extents = tensor.extents.map((extent) => values[extent]);
    const bytes = denseBytes(tensor.dtype, extents);
    checkType(`Cannot run: input "${tensor.name}"`, tensor.dtype, data);
    if (data.byteLength !== bytes) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot run: ${tensor.name}: ${data.byteLength} bytes, ${bytes} expected (${tensor.dtype} [${
          extents.join(", ")
        }])`,
      );
    }
    given.set(i, data instanceof Uint8ClampedArray ? bytesOf(data) : data);
  }
  checkValues(program, values, given);
  return given;
}

/** Throws `invalid_argument` unless there are inputs by name, even none. */
export function expectInputs(inputs: unknown): void {
  if (typeof inputs === "object" && inputs !== null) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot run: expected inputs by name, got ${String(inputs)}`,
  );
}

/** Checks the values of those that are indices. */
function checkValues(
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
  return new Int32Array(bytesOf(data).slice().buffer);
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
