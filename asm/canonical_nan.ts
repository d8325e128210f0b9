// One bit pattern for all NaNs of float32: which one an operation gives differs from host to host.
import { addressOf, Context } from "./context";
import { presentBytes } from "./fresh";
import { DTYPE_F32, REGION_CONSTANT, REGION_INPUT, REGION_OUTPUT } from "./generated/format";
import { Model } from "./model";

/** Bits of the quiet NaN without sign and payload. */
const CANONICAL: i32 = 0x7FC00000;
/** Those of infinity: of a NaN more than that is left without the sign. By integers, so that modules without floats can have this. */
const SIGNLESS: i32 = 0x7FFFFFFF, INFINITY: i32 = 0x7F800000;

/** Replaces the NaNs of a tensor, at its largest extents, if it is float32 that instructions write. */
export function canonicalizeTensor(context: Context, index: u32): void {
  const model = context.model;
  if (index >= model.tensorsCount) return;
  const tensor = model.tensor(index);
  if (tensor.dtype != DTYPE_F32) return;
  if (tensor.region == REGION_CONSTANT || tensor.region == REGION_INPUT) return;
  canonicalize(addressOf(context, index), model.info(index).bytes);
}

/** Replaces the NaNs of the float32 outputs of an entry, at their present extents. */
export function canonicalizeOutputs(model: Model, context: Context, entry: u32): void {
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const tensor = model.tensor(i);
    if (tensor.region != REGION_OUTPUT || tensor.dtype != DTYPE_F32) continue;
    if (!((model.info(i).entries >> entry) & 1)) continue;
    canonicalize(addressOf(context, i), presentBytes(context, tensor));
  }
}

function canonicalize(from: usize, bytes: u32): void {
  const end = from + bytes;
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const x = v128.load(at);
    const bad = i32x4.gt_s(v128.and(x, i32x4.splat(SIGNLESS)), i32x4.splat(INFINITY));
    if (v128.any_true(bad)) v128.store(at, v128.bitselect(i32x4.splat(CANONICAL), x, bad));
  }
  for (; at < end; at += 4) {
    if ((load<i32>(at) & SIGNLESS) > INFINITY) store<i32>(at, CANONICAL);
  }
}
