/** A module that holds some of the instructions. */
import { FAMILIES, instructionNamed, INSTRUCTIONS } from "../src/instructions/mod.ts";
import type { InstructionSpec } from "../src/instructions/mod.ts";
import { decodeHead } from "../src/program/decode.ts";
import { compileModule } from "./asc.ts";
import type { Build } from "./asc.ts";
import { tablesOf } from "./generate_tables.ts";

/**
 * Compiles a module with these instructions. Opcodes and exports are those of the whole one.
 *
 * @param replaced Texts of files of `asm/` that are not those of the repository: for tests only.
 */
export async function buildModule(
  instructions: readonly InstructionSpec[],
  build: Build = "simd",
  replaced: ReadonlyMap<string, string> = new Map(),
): Promise<Uint8Array<ArrayBuffer>> {
  const sources = new Map([...await tablesOf(ascending(instructions)), ...replaced]);
  return await compileModule(build, { sources });
}

/** The instructions of these families. */
export function instructionsOfFamilies(names: readonly string[]): InstructionSpec[] {
  const unknown = names.find((name) => !FAMILIES.some((family) => family === name));
  if (unknown !== undefined) {
    throw new Error(`no family ${unknown}; there are ${FAMILIES.join(", ")}`);
  }
  return INSTRUCTIONS.filter(({ family }) => names.includes(family));
}

/** The instructions that the programs of these files use. */
export function instructionsOfPrograms(files: readonly Uint8Array[]): InstructionSpec[] {
  const opcodes = new Set(
    files.flatMap((file) => decodeHead(file).program.instructions.map(({ opcode }) => opcode)),
  );
  return INSTRUCTIONS.filter(({ opcode }) => opcodes.has(opcode));
}

/** Instructions of other families that a program of integers needs: they move elements. */
const MOVING = ["append_rows", "copy", "gather_rows"];

/** The instructions of `wasm/fewbit.int.wasm`, none of which has anything to do with floats. */
export function integerInstructions(): InstructionSpec[] {
  return ascending([...instructionsOfFamilies(["integer"]), ...instructionsNamed(MOVING)]);
}

/** Instructions of other families that networks which train are made of. */
const TRAINED = [
  "accumulate",
  "add_f32",
  "attention_f32",
  "concat_rows",
  "copy",
  "dequantize_linear",
  "embedding_f32",
  "gelu_f32",
  "layer_norm_f32",
  "linear_f32",
  "mean_rows",
  "rms_norm_f32",
  "rotary_angles_f32",
  "rotary_f32",
  "softmax_f32",
  "swiglu_f32",
];

/** The instructions of `wasm/fewbit.train.wasm`: those that train, and those that the trained networks run with. */
export function trainingInstructions(): InstructionSpec[] {
  return ascending([...instructionsOfFamilies(["train"]), ...instructionsNamed(TRAINED)]);
}

/** The instructions of these names. */
export function instructionsNamed(names: readonly string[]): InstructionSpec[] {
  return names.map((name) => instructionNamed(name));
}

function ascending(instructions: readonly InstructionSpec[]): InstructionSpec[] {
  return [...new Set(instructions)].sort((a, b) => a.opcode - b.opcode);
}
