// y[t][0] and y[t][1]: cosines and sines of (past[s] + t − offsets[s])·frequency mod 2^32, of a turn (../kernels/phase_f32.ts).
// offsets and past are checked where they enter. A part of the tokens starts at partStart.
import { RotaryAnglesF32 } from "../generated/ops/rotary_angles_f32";
import { cosine_and_sine } from "../kernels/phase_f32";

// Four cosines and four sines, behind which rows may end.
export function scratch_rotary_angles_f32(_op: RotaryAnglesF32): usize {
  return 32;
}

export function exec_rotary_angles_f32(op: RotaryAnglesF32): void {
  const frequency = op.frequency, y = op.y, scratch = op.scratch;
  const offsets = op.offsets.address, past = op.past;
  const n = frequency.columns, begin = op.partStart, tokens = y.extent(0);
  let to = y.address;
  for (let s = 0, t = begin; s < past.columns; s++) {
    const at = <usize> s << 2;
    const first = load<i32>(offsets + at), last = min(load<i32>(offsets + at, 4), begin + tokens);
    for (; t < last; t++, to += y.stride << 1) {
      const position = i32x4.splat(load<i32>(past.address + at) + t - first);
      for (let i = 0; i < n; i += 4) {
        const from = <usize> i << 2, bytes = <usize> min(n - i, 4) << 2;
        cosine_and_sine(
          i32x4.mul(position, v128.load(frequency.address + from)),
          scratch,
          scratch + 16,
        );
        memory.copy(to + from, scratch, bytes);
        memory.copy(to + y.stride + from, scratch + 16, bytes);
      }
    }
  }
}
