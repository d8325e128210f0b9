// cos, sin of p·frequency mod 2^32 of a turn, p = past[s] + t − offsets[s], at most `last` unless that is 0: between two of 1,025 points,
// (turn[i]·2^22 + (turn[i+1] − turn[i])·f + 2^37) >> 38, i = phase >> 22, f = phase mod 2^22; 55 bits.
import { RotaryAnglesI16 } from "../generated/ops/rotary_angles_i16";

export function scratch_rotary_angles_i16(_op: RotaryAnglesI16): usize {
  return 0;
}

export function exec_rotary_angles_i16(op: RotaryAnglesI16): void {
  const frequency = op.frequency, offsets = op.offsets, y = op.y, turn = op.turn.address;
  const last: u32 = op.last ? op.last : -1, first = op.partStart, end = first + y.extent(0);
  let cosines = y.address;
  for (let s = 0; s < op.past.columns; s++) {
    const at = <usize> s << 2, from = load<i32>(offsets.address + at);
    const until = min(load<i32>(offsets.address + at, 4), end);
    const past = load<u32>(op.past.address + at);
    for (let t = max(from, first); t < until; t++) {
      const position = min<u32>(past + <u32> (t - from), last), sines = cosines + y.stride;
      for (let h = 0; h < frequency.columns; h++) {
        const phase = position * load<u32>(frequency.address + (<usize> h << 2)),
          to = <usize> h << 1;
        store<i16>(cosines + to, cosine(turn, phase));
        store<i16>(sines + to, cosine(turn, phase - 0x40000000));
      }
      cosines = sines + y.stride;
    }
  }
}

function cosine(turn: usize, phase: u32): i16 {
  const point = turn + <usize> (phase >> 22 << 2), f = <i64> (phase & 0x3fffff);
  const here = <i64> load<i32>(point), there = <i64> load<i32>(point, 4);
  return <i16> (((here << 22) + (there - here) * f + ((<i64> 1) << 37)) >> 38);
}
