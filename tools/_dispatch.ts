/** Writes `asm/generated/dispatch.ts`: opcode → kernel. */
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
