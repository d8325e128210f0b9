/** Work of one instruction. */
import { DimensionKind, instructionOf, parseShape, variablesOf } from "../instructions/mod.ts";
import type { Index, Instruction, Program } from "./program.ts";

/** A product of a number and of the values of expressions. */
export interface WorkProduct {
  readonly times: number;
  readonly extents: readonly Index[];
}

/**
 * Multiply-accumulates of an instruction (elements, where it does not multiply), as its description
 * bounds them.
 *
 * @param program A verified program.
 */
export function workProduct(
  { views }: Program,
  { opcode, operands }: Instruction,
): WorkProduct {
  const spec = instructionOf(opcode)!;
  const variables = variablesOf(spec);
  const bound = new Map<string, readonly Index[]>();
  spec.operands.forEach(({ shape }, j) => {
    if (operands[j] < 0) return;
    const { extents } = views[operands[j]];
    const dimensions = parseShape(spec, shape);
    dimensions.forEach(({ kind, value }, d) => {
      const end = extents.length - dimensions.length + d + 1;
      if (kind === DimensionKind.Leading) bound.set("*", extents.slice(0, end));
      else if (kind === DimensionKind.Variable) bound.set(variables[value], [extents[end - 1]]);
    });
  });
  return {
    times: spec.work.reduce((product, token) => product * (Number(token) || 1), 1),
    extents: spec.work.flatMap((token) => bound.get(token) ?? []),
  };
}

/**
 * Its value.
 *
 * @param extentOf Value of an expression: its largest, or the one of a run.
 */
export function workOf(
  program: Program,
  instruction: Instruction,
  extentOf: (expression: Index) => number,
): number {
  const { times, extents } = workProduct(program, instruction);
  return extents.reduce((product, extent) => product * extentOf(extent), times);
}
