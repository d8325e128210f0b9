/** Writes `asm/generated/tables.ts` from the descriptions of instructions. */
import {
  attributeIndex,
  CHECKS,
  DimensionKind,
  dtypeMask,
  INFERENCE_INSTRUCTIONS,
  instructionOf,
  parseShape,
  parseSplit,
  variablesOf,
} from "../src/instructions/mod.ts";
import { LAYOUTS } from "../src/layouts/mod.ts";
import type {
  Axis,
  Dimension,
  ExtentRule,
  InstructionSpec,
  OperandSpec,
  PresenceRule,
  Role,
} from "../src/instructions/mod.ts";
import { DTYPES } from "../src/tensor.ts";

/** Codes of a byte: below are variables; attribute 0; `~`; `*`; none; above are numbers, from 0 on. */
const CODES = { attribute: 32, suffix: 61, leading: 62, none: 63, number: 64 } as const;
/** Bits of the kind of a dimension; its value is above them. */
const KIND_BITS = 3;
/** Index of an instruction that a module does not hold. */
const NOT_HELD = 0xFFFF;

const ROLES: readonly Role[] = ["in", "out", "inout"];

/**
 * `asm/generated/tables.ts`: what the verifier of a module with these instructions needs to know of
 * each. Of the others it knows that they exist.
 */
export function instructionTables(
  header: string,
  instructions: readonly InstructionSpec[],
): string {
  const words: number[] = [];
  // A module of inference knows nothing of the opcodes that come after its own, those that only train.
  const known = [...INFERENCE_INSTRUCTIONS, ...instructions];
  const last = Math.max(...known.map((spec) => spec.opcode));
  const index: number[] = Array.from(
    { length: last + 1 },
    (_, opcode) => instructionOf(opcode) === undefined ? 0 : NOT_HELD,
  );
  // Word 0 is never the start of a record, so that 0 means "no such opcode".
  words.push(0);
  const listing: string[] = [];
  for (const spec of instructions) {
    index[spec.opcode] = words.length;
    const record = encode(spec);
    words.push(...record);
    listing.push(`  // ${spec.name}\n  ${record.join(", ")},`);
  }
  return `${header}
// A record for each instruction, in words of 4 bytes, the lowest first:
//
//   operands, attributes, presence rules, extent rules,
//   variables, operands of one type, tokens of the work, axes along which parts are cut
//   axes: extent, block, what repeats along it | axes of its way from this one on << 6,
//         a bit for each variable that is cut with it
//   attributes: min, max, of 16 bits
//   operands: role | optional << 2 | check << 3, layout mask, dtype mask of 16 bits,
//             variable that limits the values, dimensions,
//             then for each dimension 16 bits: kind | value << ${KIND_BITS}, where the value of a sum is its
//             variables, first | second << 5, that of a constant the number, else a code
//   from the next word on, presence rules, a word each:
//             operand | then << 4 | present << 8 | is << 9 | only << 11 | dtype mask << 16,
//             is: 0 one of the types, 1 present, 2 absent; only: 0, or 1 + the type that the operand must have
//   operands of one type: index
//   extent rules: 0 equal, 1 divides; left tokens; right tokens; then the tokens
//   work: tokens
//
// Extents, blocks and tokens are codes.

export const CODE_ATTRIBUTE: u32 = ${CODES.attribute};
/** Rows of an operand that repeats. */
export const CODE_SUFFIX: u32 = ${CODES.suffix};
/** All leading extents. */
export const CODE_LEADING: u32 = ${CODES.leading};
export const CODE_NONE: u32 = ${CODES.none};
export const CODE_NUMBER: u32 = ${CODES.number};
export const KIND_BITS: u32 = ${KIND_BITS};
${ROLES.map((role, i) => `export const ROLE_${role.toUpperCase()}: u32 = ${i};`).join("\n")}

/** Largest opcode. */
export const LAST_OPCODE: u32 = ${last};

/** In \`OPCODES\`: an instruction that this module does not hold. */
export const NOT_HELD: u32 = ${NOT_HELD};

/** Word in \`RECORDS\` at which the record of an opcode begins; 0 where there is no such opcode. */
export const OPCODES: usize = memory.data<u16>([${index.join(", ")}]);

export const RECORDS: usize = memory.data<i32>([
  0,
${listing.join("\n")}
]);
`;
}

function encode(spec: InstructionSpec): number[] {
  const operandIndex = (name: string): number =>
    spec.operands.findIndex((operand) => operand.name === name);
  const axes = parseSplit(spec).flatMap((way) =>
    way.map((axis, i) => encodeAxis(spec, axis, way.length - i))
  );
  if (spec.work.some((name) => name.startsWith("@"))) throw new Error(`${spec.name}: work`);
  const checks = spec.operands.filter(({ optional }) => !optional).map(({ check }) => check?.kind);
  if (checks.includes("past") && !checks.includes("offsets")) {
    throw new Error(`${spec.name}: past without offsets`);
  }
  const { attributes = [], rules = [], extents = [], sameDtype = [] } = spec;
  const before = [
    ...[spec.operands.length, attributes.length, rules.length, extents.length],
    ...[variablesOf(spec).length, sameDtype.length, spec.work.length, axes.length],
    ...axes.flat(),
    ...attributes.flatMap(({ min, max }) => [...half(spec, min), ...half(spec, max)]),
    ...spec.operands.flatMap((operand) => encodeOperand(spec, operand)),
  ];
  const behind = [
    ...sameDtype.map(operandIndex),
    ...extents.flatMap(({ rule, left, right }: ExtentRule) => [
      ...[rule === "equal" ? 0 : 1, left.length, right.length],
      ...[...left, ...right].map((name) => codeOf(spec, name)),
    ]),
    ...spec.work.map((name) => codeOf(spec, name)),
  ];
  return [...words(before), ...rules.map((rule) => presence(rule, operandIndex)), ...words(behind)]
    .map((word) => word | 0);
}

/** Code of a variable, `@attribute`, `*` or a number. */
function codeOf(spec: InstructionSpec, name: string): number {
  if (name === "*") return CODES.leading;
  if (name.startsWith("@")) return CODES.attribute + attributeIndex(spec, name);
  if (!/^\d+$/.test(name)) return boundVariable(spec, name);
  const code = CODES.number + Number(name);
  if (code > 255) throw new Error(`${spec.name}: ${name} is too large`);
  return code;
}

/** Two bytes of a number. */
function half(spec: InstructionSpec, value: number): number[] {
  if (!(value >= 0 && value < 65536)) throw new Error(`${spec.name}: ${value} has no 16 bits`);
  return [value & 255, value >> 8];
}

/** Words of bytes, the last one filled up. */
function words(bytes: readonly number[]): number[] {
  return Array.from(
    { length: Math.ceil(bytes.length / 4) },
    (_, i) => [0, 1, 2, 3].reduce((word, k) => word | (bytes[4 * i + k] ?? 0) << 8 * k, 0),
  );
}

function presence(rule: PresenceRule, operandIndex: (name: string) => number): number {
  const { is, dtype } = rule;
  const code = is === "present" ? 1 : is === "absent" ? 2 : 0;
  if (dtype !== undefined && !rule.present) throw new Error(`${rule.operand}: type of nothing`);
  return (dtype === undefined ? 0 : DTYPES[dtype] + 1) << 11 |
    operandIndex(rule.operand) | operandIndex(rule.then) << 4 | (rule.present ? 1 : 0) << 8 |
    code << 9 | (typeof is === "string" ? 0 : dtypeMask(is)) << 16;
}

/** A variable that some required operand always binds, so that it has a value when it is used. */
function boundVariable(spec: InstructionSpec, name: string): number {
  const variable = variablesOf(spec).indexOf(name);
  const bound = spec.operands.some((operand) =>
    !operand.optional &&
    parseShape(spec, operand.shape).some(({ kind, value }) =>
      value === variable && (kind === DimensionKind.Variable || kind === DimensionKind.PlusOne)
    )
  );
  if (!bound) throw new Error(`${spec.name}: ${name} may have no value`);
  return variable;
}

function encodeOperand(spec: InstructionSpec, operand: OperandSpec): number[] {
  const dimensions = parseShape(spec, operand.shape);
  const layouts = operand.layouts ?? ["rows"];
  const { kind = "none", limit } = operand.check ?? {};
  return [
    ROLES.indexOf(operand.role) | (operand.optional ? 1 : 0) << 2 | CHECKS[kind] << 3,
    layouts.reduce((mask, layout) => mask | 1 << LAYOUTS[layout], 0),
    ...half(spec, dtypeMask(operand.dtypes)),
    limit === undefined ? CODES.none : boundVariable(spec, limit),
    dimensions.length,
    ...dimensions.flatMap((dimension) =>
      half(spec, dimension.kind | valueOf(dimension) << KIND_BITS)
    ),
  ];
}

function valueOf({ kind, value, second }: Dimension): number {
  switch (kind) {
    case DimensionKind.Leading:
      return CODES.leading;
    case DimensionKind.Suffix:
      return CODES.suffix;
    case DimensionKind.Attribute:
      return CODES.attribute + value;
    case DimensionKind.Sum:
      return value | second << 5;
    default:
      return value;
  }
}

/** `left`: axes of the way from this one on. */
function encodeAxis(spec: InstructionSpec, axis: Axis, left: number): number[] {
  const { extent, block, repeats, variables } = axis;
  const names = variablesOf(spec);
  if (variables.some((name) => names.indexOf(name) >= 8)) {
    throw new Error(`${spec.name}: only the first 8 variables can be cut`);
  }
  // What repeats may be absent.
  const modulus = repeats === undefined
    ? CODES.none
    : repeats === "~"
    ? CODES.suffix
    : names.indexOf(repeats);
  return [
    codeOf(spec, extent),
    codeOf(spec, block),
    modulus | left << 6,
    variables.reduce((mask, name) => mask | 1 << names.indexOf(name), 0),
  ];
}
