// A presence rule, one word of `generated/tables.ts`: what an operand needs where another one is there, or
// is not.
//
//   operand | then << 4 | present << 8 | need << 9 | only << 11 | dtype mask << 16

/** What the operand `then` has to be, where it is given: one of the types of the mask. */
export const NEED_DTYPE: u32 = 0;
/** It has to be given. */
export const NEED_PRESENT: u32 = 1;
/** It must not be given. */
export const NEED_ABSENT: u32 = 2;

/** The operand on which it depends. */
// @ts-ignore: decorator
@inline
export function operandOfRule(rule: u32): u32 {
  return rule & 15;
}

/** The operand that needs something. */
// @ts-ignore: decorator
@inline
export function thenOfRule(rule: u32): u32 {
  return (rule >> 4) & 15;
}

/** Whether the rule holds where the first operand is given, and not where it is absent. */
// @ts-ignore: decorator
@inline
export function isOfPresent(rule: u32): bool {
  return <bool> ((rule >> 8) & 1);
}

/** `NEED_…`. */
// @ts-ignore: decorator
@inline
export function needOfRule(rule: u32): u32 {
  return (rule >> 9) & 3;
}

/** 1 + the type of the first operand for which alone it holds; 0 for any. */
// @ts-ignore: decorator
@inline
export function onlyOfRule(rule: u32): u32 {
  return (rule >> 11) & 31;
}

/** Whether its mask has a type. */
// @ts-ignore: decorator
@inline
export function allowsDtype(rule: u32, dtype: u32): bool {
  return <bool> ((rule >> 16 >> dtype) & 1);
}
