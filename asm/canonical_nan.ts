// One bit pattern for all NaNs of float32: which one an operation gives differs from host to host.
import { addressOf, modelOf } from "./context";
import { presentBytes } from "./fresh";
import { DTYPE_F32, REGION_CONSTANT, REGION_INPUT, REGION_OUTPUT } from "./generated/format";
import {
  count,
  INFO_BYTES,
  INFO_ENTRIES,
  region,
  tensorDtype,
  tensorInfo,
  tensorRecord,
  TENSORS,
} from "./model";

/** Bits of the quiet NaN without sign and payload. */
const CANONICAL: i32 = 0x7FC00000;

/** Replaces the NaNs of a tensor, at its largest extents, if it is float32 that instructions write. */
export function canonicalizeTensor(context: usize, index: u32): void {
  const model = modelOf(context);
  if (index >= count(model, TENSORS)) return;
  const tensor = tensorRecord(model, index);
  if (tensorDtype(tensor) != DTYPE_F32) return;
  if (region(tensor) == REGION_CONSTANT || region(tensor) == REGION_INPUT) return;
  canonicalize(addressOf(context, index), load<u32>(tensorInfo(model, index), INFO_BYTES));
}

/** Replaces the NaNs of the float32 outputs of an entry, at their present extents. */
export function canonicalizeOutputs(model: usize, context: usize, entry: u32): void {
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
    const tensor = tensorRecord(model, i);
    if (region(tensor) != REGION_OUTPUT || tensorDtype(tensor) != DTYPE_F32) continue;
    if (!((load<u64>(tensorInfo(model, i), INFO_ENTRIES) >> entry) & 1)) continue;
    canonicalize(addressOf(context, i), presentBytes(context, tensor));
  }
}

function canonicalize(from: usize, bytes: u32): void {
  const end = from + bytes;
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const x = v128.load(at);
    const good = f32x4.eq(x, x);
    if (!i32x4.all_true(good)) {
      v128.store(at, v128.bitselect(x, i32x4.splat(CANONICAL), good));
    }
  }
  for (; at < end; at += 4) {
    const x = load<f32>(at);
    if (x != x) store<i32>(at, CANONICAL);
  }
}
