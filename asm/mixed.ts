// Instructions of float32 on operands that are stored as 16-bit floats: float32 copies of some blocks at a time in scratch memory,
// the kernel on these, its results rounded once. Blocks are those along an axis of the first way to cut the instruction
// (`src/instructions/split.ts`), so that their number changes no bit; copies of few blocks stay near the processor. The gradient of
// weights goes on from picture to picture, in the order in which it adds them anyway.
//
//   scratch   saved operands, SAVED_BYTES; copies of what is not cut; copies of what is; what the kernel asks for
import { Context } from "./context";
import { Axis, Description, descriptionOf, operandOf } from "./description";
import { SUMS_F32 } from "./generated/attributes";
import { execute } from "./generated/dispatch";
import { DTYPE_BF16, DTYPE_F16, DTYPE_F32 } from "./generated/format";
import {
  HOLDS_HALVES,
  OPCODE_CONV_WEIGHT_GRADIENT_F32,
  OPCODE_MATMUL_NT_F32,
} from "./generated/held";
import { Operand } from "./generated/operand";
import { InstructionRecord } from "./generated/records";
import {
  CODE_ATTRIBUTE,
  CODE_LEADING,
  CODE_NUMBER,
  CODE_SUFFIX,
  ROLE_IN,
  ROLE_OUT,
} from "./generated/tables";
import { narrow_row, widen_row } from "./kernels/half_f32";
import { Model } from "./model";
import { blocksAlong, blocksOf, codeOf, cut } from "./parts";
import { resolve } from "./operands";

/** Bytes of copies at a time, and what kernels may read behind each. */
const AT_ONCE: u64 = 1 << 16, GUARD: u64 = 64;

/** Address, stride and type of each operand. */
const SAVED_BYTES: usize = 256;

// @ts-ignore: decorator
@inline
function isHalf(dtype: u32): bool {
  return dtype == DTYPE_F16 || dtype == DTYPE_BF16;
}

/** Types that may stand in an operand of these: where float32 may, the 16-bit floats may in programs that train. */
// @ts-ignore: decorator
@inline
export function storedDtypes(model: Model, dtypes: u32): u32 {
  if (!HOLDS_HALVES || !((dtypes >> DTYPE_F32) & 1) || !model.trains) return dtypes;
  return dtypes | 1 << DTYPE_F16 | 1 << DTYPE_BF16;
}

/** The type that a kernel sees. */
// @ts-ignore: decorator
@inline
export function computedDtype(dtypes: u32, dtype: u32): u32 {
  return HOLDS_HALVES && isHalf(dtype) && !((dtypes >> dtype) & 1) ? DTYPE_F32 : dtype;
}

function isCopied(context: Context, description: Description, j: u32): bool {
  const target = context.instruction.operand(j), dtype: u32 = target.dtype;
  if (j == 1 && isOneRow(context, description)) return false;
  return target.address != 0 && isHalf(dtype) &&
    !(((<u32> operandOf(description, j).dtypes) >> dtype) & 1);
}

/** Whether it is a row times a matrix, which is read as it is stored, with sums in float32; not one row left of many, which have a copy of the matrix. */
function isOneRow(context: Context, description: Description): bool {
  return changetype<usize>(description) == changetype<usize>(descriptionOf(OPCODE_MATMUL_NT_F32)) &&
    context.instruction.operand(3).extent1 == 1 && context.instruction.partStart == 0 &&
    context.instruction.attribute(0) == SUMS_F32;
}

/** Whether an operand of the instruction, resolved, is stored otherwise than its kernel has it. */
export function isMixed(context: Context, description: Description): bool {
  if (!HOLDS_HALVES) return false;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++) {
    if (isCopied(context, description, j)) return true;
  }
  return false;
}

/** Whether an operand is cut along an axis; along none, nothing is. */
function isCut(description: Description, j: u32, axis: Axis): bool {
  if (changetype<usize>(axis) == 0) return false;
  const operand = operandOf(description, j), code: u32 = axis.extent;
  for (let d: u32 = 0, n: u32 = operand.dimensions; d < n; d++) {
    const own = codeOf(operand.dimension(d));
    if (own == code || axis.cuts(own) || (own == CODE_SUFFIX && code == CODE_LEADING)) return true;
  }
  return false;
}

/** Whether blocks along an axis can follow one another: all that is written is cut, and no attribute tells how many there are. */
function isAxis(description: Description, axis: Axis): bool {
  const code: u32 = axis.extent;
  if ((code >= CODE_ATTRIBUTE && code != CODE_LEADING) || axis.block < CODE_NUMBER) return false;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++) {
    if (operandOf(description, j).role != ROLE_IN && !isCut(description, j, axis)) return false;
  }
  return true;
}

/** The first axis with more than one block; null where it runs as a whole. */
function axisOf(context: Context, description: Description): Axis {
  let axis = description.firstAxis;
  for (let left: u32 = axis.left; left > 0 && isAxis(description, axis); left--) {
    if (blocksAlong(context, description, axis) > 1) return axis;
    axis = axis.skip(1);
  }
  return changetype<Axis>(0);
}

/** Blocks of the axes within one block of this one. */
function innerOf(context: Context, description: Description, axis: Axis): u32 {
  return axis.left == 1 ? 1 : blocksOf(context, description, axis.skip(1));
}

/** Bytes of a copy. */
function copyBytes(target: Operand): u64 {
  return (<u64> <u32> target.rows * <u64> <u32> target.columns * 4 + GUARD + 63) & ~63;
}

/** Bytes of the copies of what is cut along an axis, or of what is not. */
function bytesOf(context: Context, description: Description, axis: Axis, ofCut: bool): u64 {
  let bytes: u64 = 0;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++) {
    if (!isCopied(context, description, j) || isCut(description, j, axis) != ofCut) continue;
    bytes += copyBytes(context.instruction.operand(j));
  }
  return bytes;
}

// @ts-ignore: decorator
@inline
function isSequential(instruction: InstructionRecord): bool {
  return instruction.opcode == OPCODE_CONV_WEIGHT_GRADIENT_F32;
}

/** Narrows the first two operands to one picture; the number of those before it, negative, is where it starts. */
function cutPicture(context: Context, index: u32): void {
  for (let j: u32 = 0; j < 2; j++) {
    const target = context.instruction.operand(j);
    const rows = target.extent1 * target.extent2;
    target.address += <usize> index * <usize> rows * target.stride;
    target.extent0 = 1;
    target.rows = rows;
  }
  context.instruction.partStart = -<i32> index;
}

/**
 * Most bytes before the kernel's own: copies of what is not cut, and of what is cut one block or as many as are taken at once,
 * whichever axis a run takes. Leaves the operands as a kernel sees them.
 */
export function planMixed(
  model: Model,
  context: Context,
  instruction: InstructionRecord,
  largest: usize,
): u64 {
  const description = descriptionOf(instruction.opcode), whole = changetype<Axis>(0);
  let most: u64 = 0;
  if (isSequential(instruction)) {
    cutPicture(context, 0);
    most = bytesOf(context, description, whole, false);
    context.instruction.partStart = 0;
  } else {
    most = bytesOf(context, description, whole, false);
    let axis = description.firstAxis, needs: u64 = 0;
    for (let left: u32 = axis.left; left > 0 && isAxis(description, axis); left--) {
      const fixed = bytesOf(context, description, axis, false);
      cut(context, description, axis, 0, innerOf(context, description, axis));
      needs = max(needs, fixed + max(bytesOf(context, description, axis, true), AT_ONCE));
      resolve(model, context, instruction, largest, 3, true);
      axis = axis.skip(1);
    }
    // Where no axis has two blocks it runs as a whole, which one block then is.
    if (needs > 0) most = min(most, needs);
  }
  resolve(model, context, instruction, largest, 3, true);
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++) {
    if (isCopied(context, description, j)) asCopy(context.instruction.operand(j), 64);
  }
  return most + SAVED_BYTES;
}

/** Executes an instruction, resolved, of which operands are copied. */
export function executeMixed(model: Model, context: Context, instruction: InstructionRecord): void {
  const description = descriptionOf(instruction.opcode), scratch = context.instruction.scratch;
  if (isSequential(instruction)) {
    const pictures = context.instruction.operand(0).extent0;
    for (let b = 0; b < pictures; b++) {
      if (b > 0) resolve(model, context, instruction, context.values, 2, false);
      cutPicture(context, b);
      executeCopies(context, instruction, changetype<Axis>(0), b == 0, b + 1 == pictures, scratch);
    }
  } else {
    const axis = axisOf(context, description);
    const isWhole = changetype<usize>(axis) == 0;
    const inner: u32 = isWhole ? 1 : innerOf(context, description, axis);
    const total: u32 = isWhole ? 1 : blocksAlong(context, description, axis);
    const bytes = max(bytesOf(context, description, axis, true), 1);
    const most = <u32> min(max(<u64> total * AT_ONCE / bytes, 1), total);
    for (let at: u32 = 0; at < total;) {
      let count = min(most, total - at);
      if (!isWhole) {
        // Guards and what repeats may make it more than its share.
        for (let wanted = count;; wanted >>= 1) {
          count = cut(context, description, axis, at * inner, (at + wanted) * inner) / inner;
          if (wanted == 1 || bytesOf(context, description, axis, true) <= AT_ONCE) break;
          resolve(model, context, instruction, context.values, 2, false);
        }
      }
      executeCopies(context, instruction, axis, at == 0, true, scratch);
      at += count;
      if (at < total) resolve(model, context, instruction, context.values, 2, false);
    }
  }
  context.instruction.partStart = 0;
  context.instruction.scratch = scratch;
}

/**
 * Executes it on copies.
 *
 * @param isFirst Whether what is not cut has no copy yet.
 * @param isLast Whether results that are not cut are complete.
 */
function executeCopies(
  context: Context,
  instruction: InstructionRecord,
  axis: Axis,
  isFirst: bool,
  isLast: bool,
  scratch: usize,
): void {
  const description = descriptionOf(instruction.opcode), operands: u32 = description.operands;
  const sequential = isSequential(instruction);
  let at = scratch + SAVED_BYTES, copied: u32 = 0;
  for (let pass: u32 = 0; pass < 2; pass++) {
    for (let j: u32 = 0; j < operands; j++) {
      const target = context.instruction.operand(j);
      // What has a copy is float32.
      if (!isCopied(context, description, j) || isCut(description, j, axis) != (pass == 1)) {
        continue;
      }
      const own = scratch + <usize> (j << 4), role = operandOf(description, j).role;
      store<u32>(own, <u32> target.address);
      store<u32>(own, <u32> target.stride, 4);
      store<u32>(own, target.dtype, 8);
      copied |= 1 << j;
      const stays = pass == 0 && !(sequential && j < 2);
      if (role != ROLE_OUT && (isFirst || !stays)) convert(target, own, at, false);
      const size = <usize> copyBytes(target);
      asCopy(target, at);
      at += size;
    }
  }
  context.instruction.scratch = at;
  execute(instruction.opcode, changetype<usize>(context));
  for (let j: u32 = 0; j < operands; j++) {
    if (!((copied >> j) & 1) || operandOf(description, j).role == ROLE_IN || !isLast) continue;
    const target = context.instruction.operand(j);
    convert(target, scratch + <usize> (j << 4), target.address, true);
  }
}

/** Has an operand be its copy. */
function asCopy(target: Operand, address: usize): void {
  target.address = address;
  target.dtype = DTYPE_F32;
  target.elementBytes = 4;
  target.stride = <usize> target.columns << 2;
}

/** Between the rows that were saved and those of a copy. */
function convert(target: Operand, saved: usize, copy: usize, isNarrowed: bool): void {
  const stride = <usize> load<u32>(saved, 4), dtype = load<i32>(saved, 8);
  let at = <usize> load<u32>(saved), rows = target.rows, n = target.columns;
  // Dense rows are one row.
  if (stride == <usize> n << 1) n *= rows, rows = 1;
  const step = <usize> n << 2;
  for (; rows > 0; rows--, at += stride, copy += step) {
    if (isNarrowed) narrow_row(copy, at, n, dtype);
    else widen_row(at, copy, n, dtype);
  }
}
