import type { MakeDispatches } from "../wgsl/operation.ts";
import { SEQUENCES } from "./_sequences.ts";
import { elementwise } from "./_word_owner.ts";

/** Cosines and sines of the turns of each token, between the points of a table. */
export const rotaryAnglesI16: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `${SEQUENCES}fn element(row: u32, h: u32) -> u32 {
  let t = row >> 1u;
  let s = sequence_of(t);
  var position = u32(read_past(0u, s)) + t - u32(read_offsets(0u, s));
  if (attribute_last() != 0u) { position = min(position, attribute_last()); }
  let phase = position * u32(read_frequency(0u, h)) - ((row & 1u) << 30u);
  let i = phase >> 22u;
  let f = i32(phase & 0x3fffffu);
  let here = read_turn(0u, i);
  let change = sub64(mul_signed(read_turn(0u, i + 1u), f), mul_signed(here, f));
  let sum = add64(mul_signed(here, 0x400000), add64(change, vec2<u32>(0u, 32u)));
  return sar64(sum, 38u).x;
}`,
  )],
});
