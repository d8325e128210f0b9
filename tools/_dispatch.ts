/** Writes `asm/generated/dispatch.ts`, opcode → kernel, and `asm/generated/held.ts`. */
import { instructionNamed, INSTRUCTIONS } from "../src/instructions/mod.ts";
import type { InstructionSpec } from "../src/instructions/mod.ts";
import { recordName } from "./operand_records.ts";

/** `asm/generated/dispatch.ts` of a module with these instructions. */
export function dispatch(header: string, instructions: readonly InstructionSpec[]): string {
  const imports = instructions.map(({ name }) =>
    `import { exec_${name}, scratch_${name} } from "../ops/${name}";
import { ${recordName(name)} } from "./ops/${name}";`
  );
  const call = (prefix: string, name: string): string =>
    `${prefix}_${name}(changetype<${recordName(name)}>(context))`;
  const executions = instructions.map(({ name, opcode }) =>
    `    case ${opcode}:\n      ${call("exec", name)};\n      break;`
  );
  const sizes = instructions.map(({ name, opcode }) =>
    `    case ${opcode}:\n      return ${call("scratch", name)};`
  );
  return `${header}${imports.join("\n")}

/** Runs the instruction whose operands are in the context block. */
export function execute(opcode: u32, context: usize): void {
  switch (opcode) {
${executions.join("\n")}
  }
}

/** Bytes of scratch memory that the instruction in the context block needs. */
export function scratchBytes(opcode: u32, context: usize): usize {
  switch (opcode) {
${sizes.join("\n")}
  }
  return 0;
}
`;
}

/**
 * `asm/generated/held.ts` of a module with these instructions: constants by which kernels that several of
 * them share leave out what the others need.
 */
export function held(header: string, instructions: readonly InstructionSpec[]): string {
  const names = new Set(instructions.map(({ name }) => name));
  const constants = INSTRUCTIONS.map(({ name }) =>
    `export const HOLDS_${name.toUpperCase()}: bool = ${names.has(name)};`
  );
  const trains = instructions.some(({ family }) => family === "train");
  return `${header}
// Whether this module holds an instruction.
${constants.join("\n")}

/** Whether it holds instructions that train: in programs with such ones, operands of float32 may be stored as 16-bit floats. */
export const HOLDS_HALVES: bool = ${trains};

/** Whether an instruction is one that trains. */
export function isTraining(opcode: u32): bool {
  return ${opcodeRanges(({ family }) => family === "train")};
}

/** Whether the last attribute of an instruction may be left out and is then 0. */
export function mayLeaveOut(opcode: u32): bool {
  return ${opcodeRanges(({ attributes }) => attributes?.at(-1)?.optional === true)};
}
/** The instruction whose pictures follow one another (\`mixed.ts\`). */
export const OPCODE_CONV_WEIGHT_GRADIENT_F32: u32 = ${
    instructionNamed("conv_weight_gradient_f32").opcode
  };
/** The one that reads 16-bit floats itself where it has one row. */
export const OPCODE_MATMUL_NT_F32: u32 = ${instructionNamed("matmul_nt_f32").opcode};
`;
}

/** A condition for the opcodes of some instructions, as ranges. */
function opcodeRanges(isMeant: (spec: InstructionSpec) => boolean): string {
  const opcodes = INSTRUCTIONS.filter(isMeant).map((one) => one.opcode);
  const firsts = opcodes.filter((opcode) => !opcodes.includes(opcode - 1));
  return firsts.map((first) => {
    let last = first;
    while (opcodes.includes(last + 1)) last++;
    return `(opcode >= ${first} && opcode <= ${last})`;
  }).join(" || ");
}
