/** Work of one instruction. */
import { DimensionKind, instructionOf, parseShape, variablesOf } from "../instructions/mod.ts";
import type { Index, Instruction, Program } from "../program/program.ts";

/**
 * Multiply-accumulates of an instruction (elements, where it does not multiply), as its description
 * bounds them.
 *
 * @param program A verified program.
 * @param extentOf Value of an expression: its largest, or the one of a run.
 */
export function workOf(
  program: Program,
  instruction: Instruction,
  extentOf: (expression: Index) => number,
): number {
  const spec = instructionOf(instruction.opcode)!;
  const variables = variablesOf(spec);
  const bound = new Map<string, number>();
  spec.operands.forEach(({ shape }, j) => {
    const operand = instruction.operands[j];
    if (operand < 0) return;
    const extents = program.views[operand].extents.map(extentOf);
    const dimensions = parseShape(spec, shape);
    dimensions.forEach(({ kind, value }, d) => {
      const at = extents.length - dimensions.length + d;
      if (kind === DimensionKind.Leading) {
        bound.set("*", extents.slice(0, at + 1).reduce((a, b) => a * b, 1));
      } else if (kind === DimensionKind.Variable) bound.set(variables[value], extents[at]);
    });
  });
  const factor = (token: string): number =>
    /^\d+$/.test(token) ? Number(token) : bound.get(token) ?? 1;
  return spec.work.reduce((product, token) => product * factor(token), 1);
}
