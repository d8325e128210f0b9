/** I-ViT's LayerNorm: mean and factor of each row into the scratch memory, then elements. */
import type { Operation, Stage } from "../wgsl/operation.ts";
import { reduce, rowwise } from "./_rows.ts";

/** Words of scratch memory of a row: its mean and its factor. */
const WORDS = 2;

/** `z_of(row, column)` of a row whose mean and factor are known; the sum with the bias wraps. */
export const NORMALIZED: string = `fn z_of(row: u32, column: u32) -> i32 {
  let mean = i32(memory[scratch() + ${WORDS}u * row]);
  let factor = i32(memory[scratch() + ${WORDS}u * row + 1u]);
  /* the root is never below the largest difference, so that the product fits 32 bits */
  return (((read_x(row, column) - mean) * factor) >> 1u) + read_bias(0u, column);
}
`;

/** Words between the stages. */
export function normScratch(operation: Operation): number {
  return WORDS * operation.most("x").rows;
}

/** Mean, and `⌊(2^31 − 1)/k⌋` of ten Newton steps from 2^16 towards √Σd². */
export function normStatistics(): Stage {
  return rowwise(
    "x",
    `var<workgroup> sums: array<i32, 64>;
var<workgroup> squares: array<vec2<u32>, 64>;`,
    `let columns = x_columns();
  var sum = 0;
  for (var c = lane; c < columns; c += 64u) { sum += read_x(row, c); }
  sums[lane] = sum;
  ${reduce("sums", "a + b")}
  let mean = mean_half_even(sums[0], i32(columns));
  var v = vec2<u32>(0u);
  for (var c = lane; c < columns; c += 64u) {
    let d = magnitude(read_x(row, c) - mean);
    v = add64(v, mul_wide(d, d));
  }
  squares[lane] = v;
  ${reduce("squares", "add64(a, b)")}
  if (lane == 0u) {
    var k = 65536u;
    for (var i = 0; i < 10; i++) {
      k = shr64(add64(vec2<u32>(k, 0u), div64(squares[0], vec2<u32>(k, 0u))), 1u).x;
    }
    memory[scratch() + ${WORDS}u * row] = u32(mean);
    memory[scratch() + ${WORDS}u * row + 1u] = 0x7fffffffu / k;
  }`,
  );
}
