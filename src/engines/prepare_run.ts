/** What is settled of a run before anything is written: its entry, its sizes, its inputs. */
import { FewbitError } from "../errors.ts";
import { evaluateExpressions } from "../program/expression.ts";
import type { Entry, Index, Program } from "../program/program.ts";
import type { TensorData } from "../tensor.ts";
import { checkInputs, expectInputs } from "./_check_inputs.ts";
import { symbolValues } from "./_symbol_values.ts";
import type { Inputs, SyncRunOptions } from "./engine.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** A run that may begin. */
export interface PreparedRun {
  /** Index of the entry. */
  readonly entry: Index;
  /** Values of all symbols. */
  readonly symbols: readonly number[];
  /** Values of the expressions. */
  readonly values: Float64Array;
  /** Data of the inputs that the entry uses, checked. */
  readonly inputs: ReadonlyMap<Index, TensorData>;
  /** Outputs that the entry writes. */
  readonly outputs: readonly Index[];
}

/**
 * Prepares a run.
 *
 * @param used Tensors that each entry names, as far as runs of the program have found them.
 * @throws {FewbitError} Where an instance cannot run this.
 */
export function prepareRun(
  loaded: LoadedProgram,
  used: Index[][],
  given: Inputs,
  options: SyncRunOptions,
): PreparedRun {
  expectInputs(given);
  const { program } = loaded;
  const entry = entryIndex(program, options.entry);
  const tensors = used[entry] ??= tensorsOf(program, program.entries[entry]);
  const symbols = symbolValues(loaded, tensors, given, options.symbols ?? {});
  const values = evaluateExpressions(program, symbols);
  const inputs = checkInputs(program, tensors, given, values);
  const outputs = tensors.filter((i) => program.tensors[i].region === "output");
  return { entry, symbols, values, inputs, outputs };
}

function entryIndex({ entries }: Program, name: string | undefined): Index {
  const index = name === undefined ? 0 : entries.findIndex((entry) => entry.name === name);
  if (index >= 0) return index;
  throw new FewbitError(
    "not_found",
    `Cannot run entry "${name}": the program has ${entries.map((entry) => entry.name).join(", ")}`,
  );
}

/** Tensors that the instructions of an entry name, or the checks of its inputs, ascending. */
function tensorsOf(program: Program, entry: Entry): Index[] {
  const used = new Set<Index>();
  for (const { operands } of program.instructions.slice(entry.first, entry.first + entry.count)) {
    for (const operand of operands) if (operand >= 0) used.add(program.views[operand].tensor);
  }
  for (const i of used) {
    // Its values are checked against these.
    if (program.tensors[i].check === "past") used.add(program.tensors[i].offsets);
  }
  return [...used].sort((a, b) => a - b);
}

/** `slice` of all typed arrays; that of Node's `Buffer` shares its memory. */
const { slice } = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

/** The inputs as they are now. */
export function copyInputs(inputs: Inputs): Inputs {
  expectInputs(inputs);
  const isTyped = (data: unknown): boolean =>
    ArrayBuffer.isView(data) && !(data instanceof DataView);
  return Object.fromEntries(
    Object.entries(inputs).map((
      [name, data],
    ) => [name, isTyped(data) ? slice.call(data as Uint8Array) : data]),
  );
}
