// The operands of the instruction that a context is running, as its kernel sees them.
//
// Context block (bytes from its base):
//   CONTEXT_OPERANDS    16 descriptors of OPERAND_BYTES, one for each operand of the description;
//                       an absent optional operand has address 0
//   CONTEXT_ATTRIBUTES  8 × i32
//   CONTEXT_SCRATCH     u32 address of the scratch memory, as large as the instruction's scratch_… asked for
//
// Descriptor: u32 address, dtype, rank, extents[4] (outermost first, unused ones 1), rows (product of
// all extents but the last), columns (the last), row stride in bytes, layout, element bytes.

export const OPERAND_BYTES: usize = 48;
export const CONTEXT_OPERANDS: usize = 256;
export const CONTEXT_ATTRIBUTES: usize = CONTEXT_OPERANDS + 16 * OPERAND_BYTES;
export const CONTEXT_SCRATCH: usize = CONTEXT_ATTRIBUTES + 8 * 4;

export const I8: i32 = 0;
export const U8: i32 = 1;
export const I16: i32 = 2;
export const I32: i32 = 3;
export const F32: i32 = 4;

// @ts-ignore: decorator
@inline
export function operand(context: usize, index: i32): usize {
  return context + CONTEXT_OPERANDS + <usize> index * OPERAND_BYTES;
}

// @ts-ignore: decorator
@inline
export function address(operand: usize): usize {
  return load<u32>(operand);
}

// @ts-ignore: decorator
@inline
export function dtype(operand: usize): i32 {
  return load<i32>(operand, 4);
}

// @ts-ignore: decorator
@inline
export function rank(operand: usize): i32 {
  return load<i32>(operand, 8);
}

// @ts-ignore: decorator
@inline
export function extent(operand: usize, axis: i32): i32 {
  return load<i32>(operand + (<usize> axis << 2), 12);
}

// @ts-ignore: decorator
@inline
export function rows(operand: usize): i32 {
  return load<i32>(operand, 28);
}

// @ts-ignore: decorator
@inline
export function columns(operand: usize): i32 {
  return load<i32>(operand, 32);
}

/** Bytes from one row to the next. */
// @ts-ignore: decorator
@inline
export function stride(operand: usize): usize {
  return load<u32>(operand, 36);
}

// @ts-ignore: decorator
@inline
export function layout(operand: usize): i32 {
  return load<i32>(operand, 40);
}

// @ts-ignore: decorator
@inline
export function elementBytes(operand: usize): usize {
  return load<u32>(operand, 44);
}

// @ts-ignore: decorator
@inline
export function attribute(context: usize, index: i32): i32 {
  return load<i32>(context + CONTEXT_ATTRIBUTES + (<usize> index << 2));
}

// @ts-ignore: decorator
@inline
export function scratch(context: usize): usize {
  return load<u32>(context, CONTEXT_SCRATCH);
}
