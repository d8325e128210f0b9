/**
 * The instruction set of a fewbit program. Opcodes are append-only.
 *
 * @module
 */
import type { DType } from "../tensor.ts";
import type { InstructionSpec, OperandSpec } from "./_define.ts";
import { INSTRUCTIONS } from "./_all.ts";

export * from "./_define.ts";
export { INSTRUCTIONS } from "./_all.ts";
export * from "./codes.ts";
export * from "./split.ts";

/** What the modules hold that only run networks. */
export const INFERENCE_INSTRUCTIONS: readonly InstructionSpec[] = INSTRUCTIONS.filter(
  ({ family }) => family !== "train",
);

/**
 * Whether a program with these opcodes may store operands of float32 as 16-bit floats: one that trains may, which only engines that
 * train take.
 */
export function holdsHalves(opcodes: readonly number[]): boolean {
  return opcodes.some((opcode) => byOpcode.get(opcode)?.family === "train");
}

/** The type that an instruction computes with where an operand is stored in another one: float32 for 16-bit floats. */
export function computedDtype({ dtypes }: OperandSpec, stored: DType): DType {
  const isStored = (stored === "f16" || stored === "bf16") && !dtypes.includes(stored);
  return isStored ? "f32" : stored;
}

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
