// Access to the records of `generated/tables.ts`.
import { LAST_OPCODE, NOT_HELD, OPCODES, RECORDS } from "./generated/tables";

/** Entry of an opcode in the table of records, 0 where there is none. */
// @ts-ignore: decorator
@inline
function entryOf(opcode: u32): u32 {
  return opcode > LAST_OPCODE ? 0 : load<u16>(OPCODES + (<usize> opcode << 1));
}

/** Record of an opcode that the module holds; 0 for an unknown one. */
export function recordOf(opcode: u32): usize {
  const at = entryOf(opcode);
  return at ? RECORDS + (<usize> at << 2) : 0;
}

/** Whether the format has an opcode and this module does not hold it. */
export function isMissing(opcode: u32): bool {
  return entryOf(opcode) == NOT_HELD;
}

/** Record of operand `j`; with the number of operands, what follows them. */
export function operandRecord(record: usize, j: u32): usize {
  let at = record + 12 + (<usize> load<u8>(record, 1) << 3);
  for (let i: u32 = 0; i < j; i++) at += 8 + (<usize> load<u8>(at, 5) << 2);
  return at;
}

/** Extent rules, given what follows the operands. */
// @ts-ignore: decorator
@inline
export function extentRules(record: usize, behindOperands: usize): usize {
  return behindOperands + (<usize> (<u32> load<u8>(record, 5) + load<u8>(record, 2)) << 2);
}

// @ts-ignore: decorator
@inline
export function roleOf(operand: usize): u32 {
  return load<u8>(operand) & 3;
}

// @ts-ignore: decorator
@inline
export function isOptional(operand: usize): bool {
  return (load<u8>(operand) & 4) != 0;
}

// @ts-ignore: decorator
@inline
export function checkOf(operand: usize): u32 {
  return load<u8>(operand) >> 3;
}

/** Variable that limits the values, 255 for none. */
// @ts-ignore: decorator
@inline
export function limitOf(operand: usize): u32 {
  return load<u8>(operand, 4);
}

// @ts-ignore: decorator
@inline
export function dimensionCount(operand: usize): u32 {
  return load<u8>(operand, 5);
}

/** kind | second << 8 | value << 16. */
// @ts-ignore: decorator
@inline
export function dimension(operand: usize, d: u32): u32 {
  return load<u32>(operand + (<usize> d << 2), 8);
}

/** Split variable, 255 for none, 254 for the first leading extent. */
// @ts-ignore: decorator
@inline
export function splitOf(record: usize): u32 {
  return load<u8>(record, 7);
}

/** Variable of which the bounds of parts are multiples, 255 for none. */
// @ts-ignore: decorator
@inline
export function granularityOf(record: usize): u32 {
  return load<u8>(record, 8);
}
