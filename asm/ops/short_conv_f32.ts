// Depthwise causal convolution over the tokens of each sequence, then SiLU, every operation rounded:
//
//   y[t] = silu(((weight[0]·x[t−W+1] + weight[1]·x[t−W+2]) + …) + weight[W−1]·x[t])
//
// Inputs before the first token are the last rows of the session's window, W rows of the state, the newest last.
import { ShortConvF32 } from "../generated/ops/short_conv_f32";
import { silu_row_f32 } from "../kernels/silu_f32";
import { store_words } from "../kernels/tail";

export function scratch_short_conv_f32(_op: ShortConvF32): usize {
  return 0;
}

export function exec_short_conv_f32(op: ShortConvF32): void {
  const x = op.x, weight = op.weight, slot = op.slot, y = op.y;
  const offsets = op.offsets.address, past = op.past.address, state = op.state;
  const n = x.columns, taps = weight.extent(0), bytes = <usize> n << 2, step = state.stride;
  for (let s = 0; s < slot.columns; s++) {
    const at = <usize> s << 2, first = load<u32>(offsets + at);
    const window = state.address + <usize> load<u32>(slot.address + at) * <usize> taps * step;
    const inputs = x.address + <usize> first * x.stride,
      count = <i32> (load<u32>(offsets + at, 4) - first);
    if (load<i32>(past + at) == 0) {
      for (let j = 0; j < taps; j++) memory.fill(window + <usize> j * step, 0, bytes);
    }
    let to = y.address + <usize> first * y.stride;
    for (let t = 0; t < count; t++, to += y.stride) {
      // so many rows of the window, its last ones, then rows of x up to t
      const kept = max(taps - 1 - t, 0);
      const old = window + <usize> (taps - kept) * step,
        fresh = inputs + <usize> (t + 1 + kept - taps) * x.stride;
      for (let i = 0; i < n; i += 4) {
        const column = <usize> i << 2;
        // −0 changes no sum
        let sum = f32x4.splat(-0.0), w = weight.address + column, from = old + column;
        for (let j = 0; j < taps; j++, w += weight.stride) {
          if (j == kept) from = fresh + column;
          sum = f32x4.add(sum, f32x4.mul(v128.load(w), v128.load(from)));
          from += j < kept ? step : x.stride;
        }
        store_words(to + column, sum, n - i);
      }
      silu_row_f32(to, 0, 0, 1, to, n);
    }
    // The window moves by `count` rows; upwards, so that a row is read before it is written.
    for (let j = 0; j < taps; j++) {
      const row = j + count;
      memory.copy(
        window + <usize> j * step,
        row < taps ? window + <usize> row * step : inputs + <usize> (row - taps) * x.stride,
        bytes,
      );
    }
  }
}
