// acc = Σ_k x[k]·w[n][k] + bias[n], i32 (wraps where the sum leaves 32 bits); without a multiplier y = acc. Else
//   r = clamp(round(acc·m[n] / 2^e[n]) + zero_point)              to y's type, 16 bits before an identity; the sum in 64 bits
//   y = table[r + 128]                                            with a table
//   y = clamp16(round(r·m2 / 2^e2) + round(identity·m' / 2^e'))   with an identity
// `round` is `rounded` in ../kernels/integer.ts.
//
// The GEMM's epilogue does this for sane constants (see `is_plain`); the rest runs on its accumulators, by the definition.
import { address, attribute, columns, dtype, elementBytes, I16, I8, layout, operand, rows, scratch, stride } from "../operand";
import { Epilogue, OUT_I16, OUT_I32, OUT_I8 } from "../kernels/epilogue";
import { gemm_i7 } from "../kernels/gemm_i7";
import { gemm_i8, gemm_i8_scratch, gemm_wide } from "../kernels/gemm_i8";
import { HALF_EVEN, load_integer, rounded, saturate, store_integer } from "../kernels/integer";

const PANEL_8X4: i32 = 1;
/** Rows of accumulators at once where the definition runs. */
const BLOCK: i32 = 8;

// scratch: Epilogue, accumulators i32[BLOCK][n], the GEMM's
const EPILOGUE_BYTES: usize = 128;

// @ts-ignore: decorator
@inline
function accumulator_bytes(n: i32): usize {
  return <usize> ((n * BLOCK * 4 + 127) & ~63);
}

export function scratch_linear_i8(context: usize): usize {
  const m = rows(operand(context, 0)), k = columns(operand(context, 0)), n = columns(operand(context, 12));
  // not monotonic in the rows: blocks are as equal as possible
  let most: usize = 0;
  for (let i = 1; i <= min(m, 256); i++) most = max(most, gemm_i8_scratch(i, k, n));
  return EPILOGUE_BYTES + accumulator_bytes(n) + max(most, gemm_i8_scratch(m, k, n)) + 64;
}

export function exec_linear_i8(context: usize): void {
  const x = operand(context, 0), y = operand(context, 12), bias = address(operand(context, 2));
  const multiplier = operand(context, 3), identity = operand(context, 9);
  const m = rows(x), n = columns(y);
  const ep = changetype<Epilogue>(scratch(context));
  const accumulators = scratch(context) + EPILOGUE_BYTES;
  memory.fill(scratch(context), 0, EPILOGUE_BYTES);
  ep.bias = bias;
  ep.out = OUT_I32;
  if (!address(multiplier)) {
    gemm(context, 0, m, address(y), stride(y));
    return;
  }
  if (is_plain(context)) {
    ep.out = dtype(y) == I8 ? OUT_I8 : OUT_I16;
    ep.rounding = attribute(context, 0);
    ep.m = address(multiplier);
    ep.e = address(operand(context, 4));
    ep.per_channel = i32(columns(multiplier) > 1);
    const zero = address(operand(context, 5));
    ep.zero = zero ? load<i32>(zero) : 0;
    ep.table = address(operand(context, 6));
    ep.identity = address(identity);
    if (ep.identity) {
      ep.identity_stride = stride(identity);
      ep.identity_type = dtype(identity) == I8 ? OUT_I8 : OUT_I16;
      ep.m2 = load<i32>(address(operand(context, 7)));
      ep.e2 = load<i32>(address(operand(context, 8)));
      ep.m3 = load<i32>(address(operand(context, 10)));
      ep.e3 = load<i32>(address(operand(context, 11)));
    }
    gemm(context, 0, m, address(y), stride(y));
    return;
  }
  for (let i = 0; i < m; i += BLOCK) {
    const count = min(BLOCK, m - i);
    gemm(context, i, count, accumulators, <usize> n << 2);
    for (let r = 0; r < count; r++) finish_row(context, accumulators + (<usize> (r * n) << 2), i + r);
  }
}

function gemm(context: usize, first: i32, m: i32, to: usize, ld: usize): void {
  const x = operand(context, 0), weight = operand(context, 1), n = columns(operand(context, 12));
  const ep = scratch(context), temporary = ep + EPILOGUE_BYTES + accumulator_bytes(n);
  const from = address(x) + <usize> first * stride(x);
  if (dtype(x) == I16) gemm_wide(from, stride(x), m, columns(x), address(weight), n, to, ld, ep, temporary, layout(weight) == PANEL_8X4 ? 0 : 64);
  else if (layout(weight) == PANEL_8X4) gemm_i8(from, stride(x), m, columns(x), address(weight), n, to, ld, ep, temporary);
  else gemm_i7(from, stride(x), m, columns(x), address(weight), n, to, ld, ep, temporary);
}

/** What the epilogue is exact for: half to even where there is an identity, a zero point within 2^16, as many shifts as multipliers. */
function is_plain(context: usize): bool {
  const m = operand(context, 3), e = operand(context, 4), zero = address(operand(context, 5));
  if (columns(m) != columns(e)) return false;
  if (zero && (load<i32>(zero) > 65536 || load<i32>(zero) < -65536)) return false;
  return !address(operand(context, 9)) || attribute(context, 0) == HALF_EVEN;
}

function finish_row(context: usize, z: usize, r: i32): void {
  const m = operand(context, 3), e = operand(context, 4), table = address(operand(context, 6)), identity = operand(context, 9), y = operand(context, 12);
  const zero = address(operand(context, 5)), offset: i64 = zero ? <i64> load<i32>(zero) : 0;
  const rounding = attribute(context, 0), type = dtype(y);
  const m_step: usize = columns(m) == 1 ? 0 : 4, e_step: usize = columns(e) == 1 ? 0 : 4;
  for (let i = 0; i < columns(y); i++) {
    const c = <usize> i;
    let v = saturate(rounded(load<i32>(z + (c << 2)), load<i32>(address(m) + c * m_step), load<i32>(address(e) + c * e_step), rounding) + offset, type);
    if (table) v = <i32> load<i8>(table + <usize> (v + 128));
    if (address(identity)) {
      const other = load_integer(address(identity) + <usize> r * stride(identity) + c * elementBytes(identity), dtype(identity));
      v = saturate(
        rounded(v, load<i32>(address(operand(context, 7))), load<i32>(address(operand(context, 8))), rounding) +
          rounded(other, load<i32>(address(operand(context, 10))), load<i32>(address(operand(context, 11))), rounding),
        type,
      );
    }
    store_integer(address(y) + <usize> r * stride(y) + c * elementBytes(y), type, v);
  }
}
