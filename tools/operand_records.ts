/**
 * Writes `asm/generated/operand.ts` (one operand as kernels see it, and what all instructions have) and
 * `asm/generated/ops/*.ts`: for each instruction a record that names its operands and attributes. The
 * records cost nothing: reading a field is one load with an offset.
 */
import type { InstructionSpec } from "../src/instructions/mod.ts";
import { LIMITS } from "../src/program/program.ts";

/** What a kernel sees of an operand: 32-bit words. */
export const OPERAND_FIELDS = [
  ["address", "usize", "First element; 0 for an optional operand that is not there."],
  ["dtype", "i32", "`DTYPE_…`."],
  ["rank", "i32", "Extents in use."],
  ["extent0", "i32", "Extents, outermost first, unused ones 1: `extent(axis)`."],
  ["extent1", "i32", ""],
  ["extent2", "i32", ""],
  ["extent3", "i32", ""],
  ["rows", "i32", "Product of all extents but the last."],
  ["columns", "i32", "The last extent."],
  ["stride", "usize", "Bytes from one row to the next."],
  ["layout", "i32", "`LAYOUT_…`."],
  ["elementBytes", "usize", "Bytes of an element."],
] as const;

/** Bytes of one of them. */
export const OPERAND_BYTES = OPERAND_FIELDS.length * 4;
/** Where they begin in a context block. */
export const CONTEXT_OPERANDS = 256;
/** Where the attributes begin, i32 each. */
export const CONTEXT_ATTRIBUTES = CONTEXT_OPERANDS + LIMITS.operands * OPERAND_BYTES;
/** Where the address of the scratch memory is. */
export const CONTEXT_SCRATCH = CONTEXT_ATTRIBUTES + LIMITS.attributes * 4;

/** Where the start of a part is. */
export const CONTEXT_PART_START = CONTEXT_SCRATCH + 4;
/** Bytes of a context block up to the symbols. */
export const CONTEXT_INSTRUCTION_END = CONTEXT_PART_START + 4;

/** Names that every record has. */
const RESERVED = ["scratch", "partStart", "operand", "attribute", "setAttribute"];

/** `linear_i8` → `LinearI8`. */
export function recordName(name: string): string {
  return name.split("_").map((part) => part[0].toUpperCase() + part.slice(1)).join("");
}

/** `asm/generated/operand.ts`. */
export function operandRecord(header: string): string {
  const fields = OPERAND_FIELDS.map(([name, type, text]) =>
    `${text === "" ? "" : `  /** ${text} */\n`}  ${name}: ${type};\n`
  ).join("");
  return `${header}
export const OPERAND_BYTES: usize = ${OPERAND_BYTES};
export const CONTEXT_OPERANDS: usize = ${CONTEXT_OPERANDS};
export const CONTEXT_ATTRIBUTES: usize = ${CONTEXT_ATTRIBUTES};
export const CONTEXT_SCRATCH: usize = ${CONTEXT_SCRATCH};
export const CONTEXT_PART_START: usize = ${CONTEXT_PART_START};
export const CONTEXT_INSTRUCTION_END: usize = ${CONTEXT_INSTRUCTION_END};

/** An operand of the instruction that a context is running. */
// @ts-ignore: decorator
@unmanaged
export class Operand {
${fields}
  /** An extent by its axis. */
  // @ts-ignore: decorator
  @inline
  extent(axis: i32): i32 {
    return load<i32>(changetype<usize>(this) + (<usize> axis << 2), offsetof<Operand>("extent0"));
  }

  // @ts-ignore: decorator
  @inline
  setExtent(axis: i32, value: i32): void {
    store<i32>(changetype<usize>(this) + (<usize> axis << 2), value, offsetof<Operand>("extent0"));
  }
}

/** The instruction that a context is running; \`ops/\` has one of these for each, with names. */
// @ts-ignore: decorator
@unmanaged
export class Instruction {
  /** Operand by its index in the description. */
  // @ts-ignore: decorator
  @inline
  operand(index: u32): Operand {
    return changetype<Operand>(changetype<usize>(this) + CONTEXT_OPERANDS + <usize> index * OPERAND_BYTES);
  }

  /** Memory that is as large as \`scratch_…\` asked for. */
  // @ts-ignore: decorator
  @inline
  get scratch(): usize {
    return load<usize>(changetype<usize>(this), CONTEXT_SCRATCH);
  }

  // @ts-ignore: decorator
  @inline
  set scratch(address: usize) {
    store<usize>(changetype<usize>(this), address, CONTEXT_SCRATCH);
  }

  /**
   * Where a part begins along the innermost axis that is cut, 0 in a whole run: for kernels that need to
   * know it of an operand without that extent.
   */
  // @ts-ignore: decorator
  @inline
  get partStart(): i32 {
    return load<i32>(changetype<usize>(this), CONTEXT_PART_START);
  }

  // @ts-ignore: decorator
  @inline
  set partStart(index: i32) {
    store<i32>(changetype<usize>(this), index, CONTEXT_PART_START);
  }

  /** Attribute by its index in the description. */
  // @ts-ignore: decorator
  @inline
  attribute(index: u32): i32 {
    return load<i32>(changetype<usize>(this) + (<usize> index << 2), CONTEXT_ATTRIBUTES);
  }

  // @ts-ignore: decorator
  @inline
  setAttribute(index: u32, value: i32): void {
    store<i32>(changetype<usize>(this) + (<usize> index << 2), value, CONTEXT_ATTRIBUTES);
  }
}
`;
}

/** \`asm/generated/ops/<name>.ts\` of each instruction. */
export function instructionRecords(
  header: string,
  instructions: readonly InstructionSpec[],
): Map<string, string> {
  const files = new Map<string, string>();
  const seen = new Map<string, string>();
  for (const spec of instructions) {
    const key = JSON.stringify([
      spec.operands.map(({ name, shape }) => [name, shape]),
      spec.attributes,
    ]);
    const same = seen.get(key);
    seen.set(key, same ?? spec.name);
    const path = `asm/generated/ops/${spec.name}.ts`;
    files.set(path, `${header}\n${same === undefined ? record(spec) : alias(spec.name, same)}`);
  }
  return files;
}

/** An instruction with the operands and attributes of another one has its record. */
function alias(name: string, same: string): string {
  return `export { ${recordName(same)} as ${recordName(name)} } from "./${same}";\n`;
}

function record({ name, operands, attributes = [] }: InstructionSpec): string {
  const all = [...operands, ...attributes].map((part) => part.name);
  const twice = all.find((part, i) => all.indexOf(part) !== i || RESERVED.includes(part));
  if (twice !== undefined) throw new Error(`${name}: ${twice} cannot be a field`);
  const fields = [
    ...operands.map((operand, i) => operandGetter(operand.name, i)),
    ...attributes.map((attribute, i) => attributeGetter(attribute.name, i)),
  ];
  const imports = attributes.length > 0
    ? "CONTEXT_ATTRIBUTES, Instruction, Operand"
    : "Instruction, Operand";
  return `import { ${imports} } from "../operand";

/** Operands and attributes of \`${name}\`. */
// @ts-ignore: decorator
@unmanaged
export class ${recordName(name)} extends Instruction {
${fields.join("\n")}}
`;
}

function operandGetter(name: string, index: number): string {
  return `  // @ts-ignore: decorator
  @inline
  get ${name}(): Operand {
    return this.operand(${index});
  }
`;
}

function attributeGetter(name: string, index: number): string {
  return `  // @ts-ignore: decorator
  @inline
  get ${name}(): i32 {
    return load<i32>(changetype<usize>(this), CONTEXT_ATTRIBUTES + ${index * 4});
  }
`;
}

/** \`asm/generated/attributes.ts\`: the values of attributes that have names. */
export function attributeValues(header: string, instructions: readonly InstructionSpec[]): string {
  const lists = new Map<string, string>();
  for (const { name: op, attributes = [] } of instructions) {
    for (const { name, min, values } of attributes) {
      if (values === undefined) continue;
      const list = values.map((value, i) =>
        `export const ${name.toUpperCase()}_${value.toUpperCase()}: i32 = ${min + i};\n`
      ).join("");
      if ((lists.get(name) ?? list) !== list) throw new Error(`${op}: other values of ${name}`);
      lists.set(name, list);
    }
  }
  return `${header}\n// Values of attributes that have names.\n${[...lists.values()].join("\n")}`;
}
