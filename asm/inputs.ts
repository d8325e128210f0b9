// Checks of the values of inputs (`CHECKS` in `src/instructions/_define.ts`), so that kernels can use
// them as indices.
import { Context } from "./context";
import {
  CHECK_BELOW,
  CHECK_DISTINCT,
  CHECK_NONE,
  CHECK_OFFSETS,
  LAYOUT_PANEL_8X4_U7,
  NONE,
  REGION_INPUT,
  VERDICT_BAD_INPUT,
} from "./generated/format";
import { TensorRecord } from "./generated/records";
import { Model } from "./model";

/** Checks the inputs that an entry uses. */
export function checkInputs(model: Model, context: Context, entry: u32): i32 {
  if (model.checkedInputs == 0) return 0;
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const tensor = model.tensor(i);
    const kind = tensor.check;
    if (kind == CHECK_NONE) continue;
    if (!((model.info(i).entries >> entry) & 1)) continue;
    if (!isGood(model, context, tensor, i, kind)) return VERDICT_BAD_INPUT;
  }
  return 0;
}

function isGood(model: Model, context: Context, tensor: TensorRecord, index: u32, kind: u32): bool {
  const values = inputAddress(model, context, index);
  const length = context.value(tensor.extent(0));
  const limit = context.value(tensor.limit);
  if (kind == CHECK_BELOW) return isBelow(values, length, limit);
  if (kind == CHECK_OFFSETS) return isOffsets(values, length, limit);
  if (kind == CHECK_DISTINCT) {
    return isBelow(values, length, limit) &&
      isDistinct(values, length, context.instruction.scratch);
  }
  return isPast(values, length, limit, inputAddress(model, context, tensor.offsets));
}

function inputAddress(model: Model, context: Context, index: u32): usize {
  const offset = <usize> model.info(index).offset;
  return context.region(REGION_INPUT) + offset;
}

// @ts-ignore: decorator
@inline
function at(values: usize, i: i32): i32 {
  return load<i32>(values + (<usize> i << 2));
}

function isBelow(values: usize, length: i32, limit: i32): bool {
  for (let i: i32 = 0; i < length; i++) if (<u32> at(values, i) >= <u32> limit) return false;
  return true;
}

function isOffsets(values: usize, length: i32, limit: i32): bool {
  if (at(values, 0) != 0 || at(values, length - 1) != limit) return false;
  for (let i: i32 = 1; i < length; i++) if (at(values, i) < at(values, i - 1)) return false;
  return true;
}

/** Heapsort of a copy: n log n whatever the values are. */
function isDistinct(values: usize, length: i32, heap: usize): bool {
  memory.copy(heap, values, <usize> length << 2);
  for (let i = length / 2 - 1; i >= 0; i--) sift(heap, i, length);
  let previous: i32 = -1;
  for (let end = length - 1; end >= 0; end--) {
    const top = at(heap, 0);
    if (top == previous) return false;
    previous = top;
    store<i32>(heap, at(heap, end));
    sift(heap, 0, end);
  }
  return true;
}

function sift(heap: usize, from: i32, length: i32): void {
  const value = at(heap, from);
  let hole = from;
  for (let child = 2 * <i64> hole + 1; child < length; child = 2 * <i64> hole + 1) {
    let larger = <i32> child;
    if (larger + 1 < length && at(heap, larger + 1) > at(heap, larger)) larger++;
    if (at(heap, larger) <= value) break;
    store<i32>(heap + (<usize> hole << 2), at(heap, larger));
    hole = larger;
  }
  store<i32>(heap + (<usize> hole << 2), value);
}

function isPast(values: usize, length: i32, limit: i32, offsets: usize): bool {
  for (let i: i32 = 0; i < length; i++) {
    const rows = <i64> at(offsets, i + 1) - <i64> at(offsets, i);
    const past = at(values, i);
    if (past < 0 || <i64> past + rows > limit) return false;
  }
  return true;
}

/**
 * Whether the values of constants that are indices stay below their limits, and stored 7-bit weights
 * below 128, beyond which relaxed SIMD differs from host to host.
 */
export function hasGoodConstants(model: Model): bool {
  const constants = model.segmentAddress0;
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const info = model.info(i);
    const values = constants + <usize> info.offset;
    const bytes = info.bytes;
    if (model.tensor(i).layout == LAYOUT_PANEL_8X4_U7 && !isU7(values, bytes)) {
      return false;
    }
    const limit = info.limit;
    if (limit != NONE && !isBelow(values, bytes >> 2, limit)) return false;
  }
  return true;
}

/** Whether no byte is above 127; panels have a multiple of 32 bytes. */
function isU7(values: usize, bytes: u32): bool {
  let all = i64x2.splat(0);
  for (let i: u32 = 0; i < bytes; i += 16) all = v128.or(all, v128.load(values + i));
  return i8x16.bitmask(all) == 0;
}
