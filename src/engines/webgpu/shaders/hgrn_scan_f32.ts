import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/**
 * The recurrence of HGRN: what each token keeps (in the scratch memory) and adds (in y) at once, then sums, token after
 * token, a lane a channel and sequence. In one kernel, a loop around exp and ÷, compilers of drivers take minutes.
 */
export const hgrnScanF32: MakeDispatches = (operation) => ({
  stages: [
    elementwise(
      operation,
      `fn element(t: u32, c: u32) -> u32 {
  var f = f_sigmoid(read_z(t, c));
  ${
        operation.has("lower_bound")
          ? `let low = read_lower_bound(0u, c);
  f = f_add(low, f_mul(f_sub(ONE, low), f));`
          : ""
      }
  memory[scratch() + t * y_columns() + c] = f;
  let b = f_above(read_u(t, c));
  return f_div(f_mul(b, f_sub(ONE, f)), f_one_plus_exp(b));
}`,
    ),
    {
      body: `@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  let s = id.y;
  if (c >= u_columns()) { return; }
  let place = u32(read_slot(0u, s));
  var sum = 0u;
  if (read_past(0u, s) != 0) { sum = read_state(place, c); }
  for (var t = u32(read_offsets(0u, s)); t < u32(read_offsets(0u, s + 1u)); t++) {
    sum = f_add(f_mul(memory[scratch() + t * y_columns() + c], sum), read_y(t, c));
    write_y(t, c, sum);
  }
  write_state(place, c, sum);
}`,
      groups: ({ u, slot }) => [Math.ceil(u.columns / 64), slot.columns],
    },
  ],
  scratchWords: operation.most("y").rows * operation.most("y").columns,
});
