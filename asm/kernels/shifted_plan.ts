// From operands to the epilogue of epilogue_shifted.ts.
import { Operand } from "../generated/operand";
import { Epilogue, OUT_SHIFTED } from "./epilogue";
import { Shift } from "./shift_i64";

/** Bytes of scratch for it. */
export const SHIFTED_BYTES: usize = (offsetof<Epilogue>() + offsetof<Shift>() + 63) & ~63;

/** Writes an `Epilogue` to `to`. Operands that are not there have the address 0. */
export function prepare_shifted(
  to: usize,
  bias: usize,
  multiplier: Operand,
  shift: Operand,
  zero_point: Operand,
  identity: Operand,
  limit: Operand,
  bits: i32,
  y: Operand,
): void {
  const ep = changetype<Epilogue>(to), by = changetype<Shift>(to + offsetof<Epilogue>());
  by.to_even(load<i32>(shift.address));
  ep.out = OUT_SHIFTED;
  ep.bias = bias;
  ep.m = multiplier.address;
  ep.per_channel = i32(multiplier.columns > 1);
  ep.e = changetype<usize>(by);
  const rows = identity.address != 0;
  ep.addend = rows ? identity.address : zero_point.address;
  ep.addend_wide = rows || zero_point.columns > 1;
  ep.addend_stride = rows ? identity.stride : 0;
  // bits is 2 … 32
  const high = limit.address
    ? max(load<i32>(limit.address), 0)
    : <i32> ((<u32> 1 << (bits - 1)) - 1);
  ep.high = high;
  ep.low = limit.address ? -high : ~high;
  ep.bytes = y.elementBytes;
}
