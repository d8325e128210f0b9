import { COSINE, SINE, UNIT } from "../../../numeric/phase.ts";
import { bitsOf } from "../wgsl/float32.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { SEQUENCES } from "./_sequences.ts";
import { elementwise } from "./_word_owner.ts";

/** `a·s² + b·s + c`. */
function polynomial([a, b, c]: readonly number[]): string {
  const first = `f_add(f_mul(${bitsOf(a)}, square), ${bitsOf(b)})`;
  return `f_add(f_mul(${first}, square), ${bitsOf(c)})`;
}

/** Cosines and sines of positions times frequencies. */
export const rotaryAnglesF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `${SEQUENCES}fn element(row: u32, i: u32) -> u32 {
  let t = row >> 1u;
  let s = sequence_of(t);
  let position = u32(read_past(0u, s)) + t - u32(read_offsets(0u, s));
  let phase = position * u32(read_frequency(0u, i));
  let quarter = (phase + 0x20000000u) >> 30u;
  let x = f_mul(f_from_i32(i32(phase - (quarter << 30u))), ${bitsOf(UNIT)});
  let square = f_mul(x, x);
  let is_sine = (row & 1u) == 1u;
  let negative = select((quarter + 1u) & 2u, quarter & 2u, is_sine) != 0u;
  var value = 0u;
  if (is_sine == ((quarter & 1u) == 0u)) {
    value = f_add(f_mul(f_mul(${polynomial(SINE)}, square), x), x);
  } else {
    value = f_add(
      f_sub(f_mul(${polynomial(COSINE)}, f_mul(square, square)), f_mul(${bitsOf(0.5)}, square)),
      ONE,
    );
  }
  return select(value, f_neg(value), negative);
}`,
  )],
});
