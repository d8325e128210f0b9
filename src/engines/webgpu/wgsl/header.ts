/** Accessors of an instruction's operands in WGSL, by what a program says of them. */
import type { InstructionSpec } from "../../../instructions/mod.ts";
import { bitsOfElement } from "./operation.ts";
import type { ShaderOperand } from "./operation.ts";

/** Words of the arguments of an instruction, 16 operands and attributes: all adapters take offsets of 256 bytes. */
export const ARGUMENT_WORDS = 192;
/** Words of an operand's arguments: at, stride, rows, columns, four extents. */
export const OPERAND_WORDS = 8;

/** Word of an attribute among the arguments, and behind all attributes that of the scratch memory. */
export function attributeWord(spec: InstructionSpec, index: number): number {
  return OPERAND_WORDS * spec.operands.length + index;
}

/**
 * Declares buffers, operands and attributes. Of an operand x that is there: `x_at()` and so on, `read_x(row, column)`,
 * `element_x(i)` and `word_x(i)` by their place in the buffer, of codes a word of them `pack_x(row, column)`; what is no
 * constant has `write_x(row, column, bits)` where an element is a word.
 */
export function header(
  spec: InstructionSpec,
  operands: readonly (ShaderOperand | undefined)[],
): string {
  const word = (index: number): string => `args[${index >> 2}].${"xyzw"[index & 3]}`;
  const attributes = spec.attributes ?? [];
  return [
    "@group(0) @binding(0) var<storage, read> weights: array<u32>;",
    "@group(0) @binding(1) var<storage, read_write> memory: array<u32>;",
    `@group(0) @binding(2) var<uniform> args: array<vec4<u32>, ${ARGUMENT_WORDS / 4}>;`,
    ...attributes.map(({ name }, i) =>
      `fn attribute_${name}() -> u32 { return ${word(attributeWord(spec, i))}; }`
    ),
    `fn scratch() -> u32 { return ${word(attributeWord(spec, attributes.length))}; }`,
    ...operands.flatMap((operand, j) => operand === undefined ? [] : accessors(operand, j)),
    "",
  ].join("\n");
}

function accessors({ name, dtype, layout, isConstant }: ShaderOperand, j: number): string[] {
  const buffer = isConstant ? "weights" : "memory";
  const bits = bitsOfElement(dtype), perWord = 32 / bits;
  const lines = [
    ...["at", "stride", "rows", "columns"].map((what, i) =>
      `fn ${name}_${what}() -> u32 { return args[${2 * j}].${"xyzw"[i]}; }`
    ),
    `fn ${name}_extents() -> vec4<u32> { return args[${2 * j + 1}]; }`,
    `fn word_${name}(i: u32) -> u32 { return ${buffer}[i]; }`,
  ];
  const type = /^i/.test(dtype) ? "i32" : "u32";
  const shift = Math.log2(perWord), rest = `(i & ${perWord - 1}u) * ${bits}u`;
  const element = perWord === 1
    ? `${type}(${buffer}[i])`
    : `extractBits(${type}(${buffer}[i >> ${shift}u]), ${rest}, ${bits}u)`;
  lines.push(`fn element_${name}(i: u32) -> ${type} { return ${element}; }`);
  if (layout !== "rows") return lines;
  const index = `${name}_at() + row * ${name}_stride() + column`;
  const place = "(row: u32, column: u32)";
  lines.push(`fn read_${name}${place} -> ${type} { return element_${name}(${index}); }`);
  if (perWord > 1) {
    // The word that begins at an element, wherever that lies.
    lines.push(
      `fn pack_${name}${place} -> u32 { let i = ${index}; let s = ${rest}; ` +
        `let w = i >> ${shift}u; if (s == 0u) { return ${buffer}[w]; } ` +
        `return (${buffer}[w] >> s) | (${buffer}[w + 1u] << (32u - s)); }`,
    );
  } else if (!isConstant) {
    lines.push(
      `fn write_${name}(row: u32, column: u32, bits: u32) { memory[${index}] = bits; }`,
    );
  }
  return lines;
}
