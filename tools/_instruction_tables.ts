/** Writes `asm/generated/tables.ts` from the descriptions of instructions. */
import {
  attributeIndex,
  CHECKS,
  DimensionKind,
  dtypeMask,
  instructionOf,
  INSTRUCTIONS,
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

/** Code of "no variable" in the tables. */
const NO_VARIABLE = 0xFF;
/** Code of `*` among variables. */
const LEADING = 0xFE;
/** Codes of axes, of 6 bits: attribute 0, `~`, `*`, none. Below are variables, or numbers. */
const AXIS = { attribute: 32, suffix: 61, leading: 62, none: 63 } as const;
/** Bits of the kind of a dimension; its value is above them. */
const KIND_BITS = 3;
/** Code of attribute 0. */
const ATTRIBUTE = 256;
/** Code of the number 0. */
const NUMBER = 512;
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
  const last = Math.max(...INSTRUCTIONS.map((spec) => spec.opcode));
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
// One record of 32-bit words for each instruction. With bytes listed from the lowest:
//
//   word 0    operands, attributes, presence rules, extent rules
//   word 1    variables, operands of one type, tokens of the work, axes along which parts are cut
//   then      axes: [extent, block, what repeats along it | axes of its way from this one on << 6,
//                   a bit for each variable that is cut with it]
//                   An extent is a variable, ${AXIS.leading}: all leading extents, ${AXIS.suffix}: a suffix of them, or
//                   ${AXIS.none}: none; an extent or a block is ${AXIS.attribute} + an attribute, a block else a number.
//             attributes: min, max
//             operands: [role | optional << 2 | check << 3, layout mask], a half: dtype mask,
//                       [limit variable, dimensions], then a half for each dimension, kind | value << ${KIND_BITS}.
//                       The value of a sum is its variables, first | second << 5, else a code as in axes, or
//                       the number itself. The last operand is filled up to a word.
//             operands of one type: index
//             presence rules: [operand | then << 4 | present << 8 | is << 9 | only << 11 |
//                              dtype mask << 16],
//                             is: 0 one of the types, 1 present, 2 absent;
//                             only: 0, or 1 + the type that the operand must have
//             extent rules: [0 equal, 1 divides; left tokens; right tokens], then the tokens
//             work: tokens
//   A token is a variable, ${ATTRIBUTE} + an attribute, ${LEADING} for all leading extents, or ${NUMBER} + a number.

// Codes.
export const NO_VARIABLE: u32 = ${NO_VARIABLE};
export const LEADING: u32 = ${LEADING};
export const AXIS_ATTRIBUTE: u32 = ${AXIS.attribute};
export const AXIS_SUFFIX: u32 = ${AXIS.suffix};
export const AXIS_LEADING: u32 = ${AXIS.leading};
export const AXIS_NONE: u32 = ${AXIS.none};
export const KIND_BITS: u32 = ${KIND_BITS};
export const TOKEN_ATTRIBUTE: u32 = ${ATTRIBUTE};
export const TOKEN_NUMBER: u32 = ${NUMBER};
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
  const variables = variablesOf(spec);
  const attributes = spec.attributes ?? [];
  const operandIndex = (name: string): number =>
    spec.operands.findIndex((operand) => operand.name === name);
  const token = (name: string): number => {
    if (name === "*") return LEADING;
    if (/^\d+$/.test(name)) return NUMBER + Number(name);
    return name.startsWith("@")
      ? ATTRIBUTE + attributeIndex(spec, name)
      : boundVariable(spec, name);
  };
  const axes = parseSplit(spec).flatMap((way) =>
    way.map((axis, i) => ({ axis, left: way.length - i }))
  );
  if (spec.work.some((name) => name.startsWith("@"))) throw new Error(`${spec.name}: work`);
  const checks = spec.operands.filter(({ optional }) => !optional).map(({ check }) => check?.kind);
  if (checks.includes("past") && !checks.includes("offsets")) {
    throw new Error(`${spec.name}: past without offsets`);
  }
  const rules = spec.rules ?? [];
  const extents = spec.extents ?? [];
  return [
    bytes(spec.operands.length, attributes.length, rules.length, extents.length),
    bytes(variables.length, spec.sameDtype?.length ?? 0, spec.work.length, axes.length),
    ...axes.map(({ axis, left }) => encodeAxis(spec, axis, left)),
    ...attributes.flatMap(({ min, max }) => [min, max]),
    ...words(spec.operands.flatMap((operand) => encodeOperand(spec, operand))),
    ...(spec.sameDtype ?? []).map(operandIndex),
    ...rules.map((rule) => presence(rule, operandIndex)),
    ...extents.flatMap(({ rule, left, right }: ExtentRule) => [
      bytes(rule === "equal" ? 0 : 1, left.length, right.length, 0),
      ...left.map(token),
      ...right.map(token),
    ]),
    ...spec.work.map(token),
  ].map((word) => word | 0);
}

function bytes(a: number, b: number, c: number, d: number): number {
  return a | b << 8 | c << 16 | d << 24;
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

/** Halves of words. */
function encodeOperand(spec: InstructionSpec, operand: OperandSpec): number[] {
  const dimensions = parseShape(spec, operand.shape);
  const layouts = operand.layouts ?? ["rows"];
  const { kind = "none", limit } = operand.check ?? {};
  const bits = ROLES.indexOf(operand.role) | (operand.optional ? 1 : 0) << 2 | CHECKS[kind] << 3;
  return [
    bits | layouts.reduce((mask, layout) => mask | 1 << LAYOUTS[layout], 0) << 8,
    dtypeMask(operand.dtypes),
    (limit === undefined ? NO_VARIABLE : boundVariable(spec, limit)) | dimensions.length << 8,
    ...dimensions.map((dimension) => {
      const value = valueOf(dimension);
      if (value >> 16 - KIND_BITS !== 0) throw new Error(`${spec.name}: extent ${value}`);
      return dimension.kind | value << KIND_BITS;
    }),
  ];
}

function valueOf({ kind, value, second }: Dimension): number {
  switch (kind) {
    case DimensionKind.Leading:
      return AXIS.leading;
    case DimensionKind.Suffix:
      return AXIS.suffix;
    case DimensionKind.Attribute:
      return AXIS.attribute + value;
    case DimensionKind.Sum:
      return value | second << 5;
    default:
      return value;
  }
}

/** Pairs of halves. */
function words(halves: readonly number[]): number[] {
  return Array.from(
    { length: Math.ceil(halves.length / 2) },
    (_, i) => halves[2 * i] | (halves[2 * i + 1] ?? 0) << 16,
  );
}

/** `left`: axes of the way from this one on. */
function encodeAxis(spec: InstructionSpec, axis: Axis, left: number): number {
  const { extent, block, repeats, variables } = axis;
  const attribute = (name: string): number => AXIS.attribute + attributeIndex(spec, name);
  if (typeof block === "number" && !(block > 0 && block < AXIS.attribute)) {
    throw new Error(`${spec.name}: blocks of ${block}`);
  }
  const names = variablesOf(spec);
  if (names.length > 8) throw new Error(`${spec.name}: more than 8 variables`);
  const modulus = repeats === undefined
    ? AXIS.none
    : repeats === "~"
    ? AXIS.suffix
    : names.indexOf(repeats);
  const code = extent === "*"
    ? AXIS.leading
    : extent.startsWith("@")
    ? attribute(extent)
    : boundVariable(spec, extent);
  return bytes(
    code,
    typeof block === "string" ? attribute(block) : block,
    modulus | left << 6,
    variables.reduce((mask, name) => mask | 1 << names.indexOf(name), 0),
  );
}
