// From operands to the epilogue of epilogue_shifted.ts.
import { Operand } from "../generated/operand";
import { Epilogue, OUT_SHIFTED } from "./epilogue";
import { Shift } from "./shift_i64";

/** Bytes of scratch for it. */
export const SHIFTED_BYTES: usize = (offsetof<Epilogue>() + offsetof<Shift>() + 63) & ~63;

/** The shift behind an epilogue. */
// @ts-ignore: decorator
@inline
export function shift_of(ep: usize): Shift {
  return changetype<Shift>(ep + offsetof<Epilogue>());
}

/**
 * Writes an `Epilogue` to `to`, but for its shift: without bias and identity.
 * @param m address of the multiplier, or of one a column with `each`
 * @param zero_point its address, or 0; one, or one a column with `zeros`
 */
export function prepare_requantize(
  to: usize,
  m: usize,
  each: bool,
  zero_point: usize,
  zeros: bool,
  bits: i32,
  bytes: usize,
): Epilogue {
  const ep = changetype<Epilogue>(to);
  ep.out = OUT_SHIFTED;
  ep.bias = 0;
  ep.m = m;
  ep.per_channel = i32(each);
  ep.e = changetype<usize>(shift_of(to));
  ep.addend = zero_point;
  ep.addend_wide = zeros;
  ep.addend_stride = 0;
  // bits is 2 … 32
  ep.high = <i32> ((<u32> 1 << (bits - 1)) - 1);
  ep.low = ~ep.high;
  ep.bytes = bytes;
  return ep;
}

/** Limits y to −limit … limit. */
export function limit_to(ep: Epilogue, limit: Operand): void {
  ep.high = max(load<i32>(limit.address), 0);
  ep.low = -ep.high;
}

/** Prepares the end of a product. Operands that are not there have the address 0. */
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
  const ep = prepare_requantize(
    to,
    multiplier.address,
    multiplier.columns > 1,
    zero_point.address,
    zero_point.columns > 1,
    bits,
    y.elementBytes,
  );
  shift_of(to).to_even(load<i32>(shift.address));
  ep.bias = bias;
  if (identity.address) {
    ep.addend = identity.address;
    ep.addend_wide = true;
    ep.addend_stride = identity.stride;
  }
  if (limit.address) limit_to(ep, limit);
}
