/**
 * The instruction set of a fewbit program. Opcodes are append-only.
 *
 * @module
 */
import type { InstructionSpec } from "./_define.ts";
import { INSTRUCTIONS } from "./_all.ts";

export * from "./_define.ts";
export { INSTRUCTIONS } from "./_all.ts";
export * from "./codes.ts";
export * from "./split.ts";

/** What the modules hold that only run networks. */
export const INFERENCE_INSTRUCTIONS: readonly InstructionSpec[] = INSTRUCTIONS.filter(
  ({ family }) => family !== "train",
);

const byName = new Map(INSTRUCTIONS.map((spec) => [spec.name, spec]));
const byOpcode = new Map(INSTRUCTIONS.map((spec) => [spec.opcode, spec]));

/** The instruction of that name. */
export function instructionNamed(name: string): InstructionSpec {
  const spec = byName.get(name);
  if (spec === undefined) throw new Error(`no instruction ${name}`);
  return spec;
}

/** The instruction with that opcode, if there is one. */
export function instructionOf(opcode: number): InstructionSpec | undefined {
  return byOpcode.get(opcode);
}
