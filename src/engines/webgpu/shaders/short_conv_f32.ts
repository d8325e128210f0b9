import type { MakeDispatches } from "../wgsl/operation.ts";
import { SEQUENCES } from "./_sequences.ts";
import { elementwise } from "./_word_owner.ts";

/** `input_at(s, place, c)` in WGSL: an input of sequence s, before its first token one that its session remembers. */
const INPUTS: string = `fn input_at(s: u32, place: i32, c: u32) -> u32 {
  if (place >= 0) { return read_x(u32(read_offsets(0u, s) + place), c); }
  if (read_past(0u, s) == 0) { return 0u; }
  let taps = i32(weight_rows());
  return read_state(u32(read_slot(0u, s) * taps + taps + place), c);
}
`;

/** Depthwise causal convolution, then SiLU, of all tokens at once; then what sessions remember, a lane a channel. */
export const shortConvF32: MakeDispatches = (operation) => ({
  stages: [
    elementwise(
      operation,
      `${SEQUENCES}${INPUTS}fn element(t: u32, c: u32) -> u32 {
  let s = sequence_of(t);
  let taps = i32(weight_rows());
  let first = i32(t) - read_offsets(0u, s) - taps + 1;
  /* −0, to which the first product is added without a change */
  var sum = 0x80000000u;
  for (var j = 0; j < taps; j++) {
    sum = f_add(sum, f_mul(read_weight(u32(j), c), input_at(s, first + j, c)));
  }
  return f_silu(sum);
}`,
    ),
    {
      body: `${INPUTS}@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  let s = id.y;
  if (c >= x_columns()) { return; }
  let taps = i32(weight_rows());
  let count = read_offsets(0u, s + 1u) - read_offsets(0u, s);
  /* what is read of the state lies behind what is written */
  for (var j = 0; j < taps; j++) {
    write_state(u32(read_slot(0u, s) * taps + j), c, input_at(s, count - taps + j, c));
  }
}`,
      groups: ({ x, slot }) => [Math.ceil(x.columns / 64), slot.columns],
    },
  ],
});
