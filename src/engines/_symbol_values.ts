/** The sizes of a run. */
import { FewbitError } from "../errors.ts";
import { DTYPE_BYTES } from "../tensor.ts";
import type { Inputs } from "./engine.ts";
import type { LoadedProgram } from "./loaded_program.ts";
import { holds } from "./check_type.ts";
import { own } from "./_own.ts";

/** Values of all symbols: those that were given, those that follow from the inputs, defaults. */
export function symbolValues(
  loaded: LoadedProgram,
  used: readonly number[],
  inputs: Inputs,
  given: Readonly<Record<string, number>>,
): number[] {
  const { symbols } = loaded.program;
  for (const name of Object.keys(given)) {
    if (!symbols.some((symbol) => symbol.name === name && symbol.kind === "run")) {
      throw new FewbitError("invalid_argument", `Cannot run: no run-time symbol "${name}"`);
    }
  }
  return symbols.map((symbol, i) => {
    if (symbol.kind === "load") return loaded.symbols[i];
    const value = own(given, symbol.name) ?? inferred(loaded, i, used, inputs) ??
      loaded.symbols[i];
    const { min, max } = loaded.symbolRanges[i];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot run with ${symbol.name} = ${value}: expected an integer from ${min} to ${max}`,
      );
    }
    return value;
  });
}

/**
 * A symbol that is one whole extent of an input follows from the input's size.
 *
 * @throws {FewbitError} `shape_mismatch` where no value that the symbol may have gives that size.
 */
function inferred(
  { program, ranges, symbolRanges }: LoadedProgram,
  symbol: number,
  used: readonly number[],
  inputs: Inputs,
): number | undefined {
  for (const i of used) {
    const tensor = program.tensors[i];
    const data = tensor.region === "input" ? own(inputs, tensor.name) : undefined;
    // Whatever else is wrong with it is said where inputs are checked.
    if (!holds(tensor.dtype, data)) continue;
    let rest: number = DTYPE_BYTES[tensor.dtype];
    let unknown = 0;
    for (const extent of tensor.extents) {
      const { constant, terms, modulus } = program.expressions[extent];
      const { min, max } = ranges[extent];
      if (min === max && terms.every(([, other]) => other !== symbol)) rest *= max;
      else if (constant === 0 && modulus < 0 && terms.length === 1 && terms[0][1] === symbol) {
        rest *= terms[0][0];
        unknown++;
      } else unknown = 2;
    }
    if (unknown !== 1) continue;
    const value = data.byteLength / rest;
    const { min, max } = symbolRanges[symbol];
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    const sizes = min === max
      ? `${min * rest} expected`
      : `${min * rest} to ${max * rest} expected, in steps of ${rest}`;
    throw new FewbitError(
      "shape_mismatch",
      `Cannot run: ${tensor.name}: ${data.byteLength} bytes, ${sizes}`,
    );
  }
  return undefined;
}
