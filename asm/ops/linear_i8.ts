// acc = Σ_k x[k]·w[n][k] + bias[n], i32 (wraps where the sum leaves 32 bits); without a multiplier y = acc. Else
//   r = clamp(round(acc·m[n] / 2^e[n]) + zero_point)              to y's type, 16 bits before an identity; the sum in 64 bits
//   y = table[r + 128]                                            with a table
//   y = clamp16(round(r·m2 / 2^e2) + round(identity·m' / 2^e'))   with an identity
// `round` is `rounded` in ../kernels/integer.ts.
//
// The GEMM's epilogue does this for sane constants (see `is_plain`); the rest runs on its accumulators, by the definition.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I16, DTYPE_I8, LAYOUT_PANEL_8X4 } from "../generated/format";
import { LinearI8 } from "../generated/ops/linear_i8";
import { Epilogue, OUT_I16, OUT_I32, OUT_I8 } from "../kernels/epilogue";
import { gemm_i8, gemm_i8_scratch } from "../kernels/gemm_i8";
import { load_integer, rounded, saturate, store_integer } from "../kernels/integer";

/** Rows of accumulators at once where the definition runs. */
const BLOCK: i32 = 8;

// scratch: Epilogue, accumulators i32[BLOCK][n], the GEMM's
const EPILOGUE_BYTES: usize = 128;

// @ts-ignore: decorator
@inline
function accumulator_bytes(n: i32): usize {
  return <usize> ((n * BLOCK * 4 + 127) & ~63);
}

export function scratch_linear_i8(op: LinearI8): usize {
  const m = op.x.rows, k = op.x.columns, n = op.y.columns;
  return EPILOGUE_BYTES + accumulator_bytes(n) + gemm_i8_scratch(m, k, n) + 64;
}

export function exec_linear_i8(op: LinearI8): void {
  const x = op.x, y = op.y, bias = op.bias.address;
  const multiplier = op.multiplier, identity = op.identity;
  const m = x.rows, n = y.columns;
  const ep = changetype<Epilogue>(op.scratch);
  const accumulators = op.scratch + EPILOGUE_BYTES;
  memory.fill(op.scratch, 0, EPILOGUE_BYTES);
  ep.bias = bias;
  ep.out = OUT_I32;
  if (!multiplier.address) {
    gemm(op, 0, m, y.address, y.stride);
    return;
  }
  if (is_plain(op)) {
    ep.out = y.dtype == DTYPE_I8 ? OUT_I8 : OUT_I16;
    ep.rounding = op.rounding;
    ep.m = multiplier.address;
    ep.e = op.shift.address;
    ep.per_channel = i32(multiplier.columns > 1);
    const zero = op.zero_point.address;
    ep.zero = zero ? load<i32>(zero) : 0;
    ep.table = op.table.address;
    ep.identity = identity.address;
    if (ep.identity) {
      ep.identity_stride = identity.stride;
      ep.identity_type = identity.dtype == DTYPE_I8 ? OUT_I8 : OUT_I16;
      ep.m2 = load<i32>(op.multiplier2.address);
      ep.e2 = load<i32>(op.shift2.address);
      ep.m3 = load<i32>(op.identity_multiplier.address);
      ep.e3 = load<i32>(op.identity_shift.address);
    }
    gemm(op, 0, m, y.address, y.stride);
    return;
  }
  for (let i = 0; i < m; i += BLOCK) {
    const count = min(BLOCK, m - i);
    gemm(op, i, count, accumulators, <usize> n << 2);
    for (let r = 0; r < count; r++) finish_row(op, accumulators + (<usize> (r * n) << 2), i + r);
  }
}

function gemm(op: LinearI8, first: i32, m: i32, to: usize, ld: usize): void {
  const x = op.x, weight = op.weight, n = op.y.columns;
  const ep = op.scratch, temporary = ep + EPILOGUE_BYTES + accumulator_bytes(n);
  gemm_i8(
    x.address + <usize> first * x.stride,
    x.stride,
    m,
    x.columns,
    weight.address,
    n,
    to,
    ld,
    ep,
    temporary,
    weight.layout == LAYOUT_PANEL_8X4 ? 0 : 64,
    x.dtype == DTYPE_I16,
    op.dot,
  );
}

/** What the epilogue is exact for: half to even where there is an identity, a zero point within 2^16, as many shifts as multipliers. */
function is_plain(op: LinearI8): bool {
  const m = op.multiplier, e = op.shift, zero = op.zero_point.address;
  if (m.columns != e.columns) return false;
  if (zero && (load<i32>(zero) > 65536 || load<i32>(zero) < -65536)) return false;
  return !op.identity.address || op.rounding == ROUNDING_HALF_EVEN;
}

function finish_row(op: LinearI8, z: usize, r: i32): void {
  const m = op.multiplier, e = op.shift, table = op.table.address, identity = op.identity, y = op.y;
  const zero = op.zero_point.address, offset: i64 = zero ? <i64> load<i32>(zero) : 0;
  const rounding = op.rounding, type = y.dtype;
  const m_step: usize = m.columns == 1 ? 0 : 4, e_step: usize = e.columns == 1 ? 0 : 4;
  for (let i = 0; i < y.columns; i++) {
    const c = <usize> i;
    let v = saturate(
      rounded(
        load<i32>(z + (c << 2)),
        load<i32>(m.address + c * m_step),
        load<i32>(e.address + c * e_step),
        rounding,
      ) + offset,
      type,
    );
    if (table) v = <i32> load<i8>(table + <usize> (v + 128));
    if (identity.address) {
      const other = load_integer(
        identity.address + <usize> r * identity.stride + c * identity.elementBytes,
        identity.dtype,
      );
      v = saturate(
        rounded(v, load<i32>(op.multiplier2.address), load<i32>(op.shift2.address), rounding) +
          rounded(
            other,
            load<i32>(op.identity_multiplier.address),
            load<i32>(op.identity_shift.address),
            rounding,
          ),
        type,
      );
    }
    store_integer(y.address + <usize> r * y.stride + c * y.elementBytes, type, v);
  }
}
