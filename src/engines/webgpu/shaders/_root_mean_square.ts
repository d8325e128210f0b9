/** The factor `1/√(Σx²/C + ε)` of rows in float32, in WGSL: sums of squares in 16 strided parts, halves onto halves. */

/** Variables and functions; `squares` holds the squares of a row of at most so many columns. */
export function rootMeanSquare(columns: number): string {
  return `var<workgroup> squares: array<u32, ${columns}>;
var<workgroup> partial: array<u32, 16>;
/* the sum of the squares, once all lanes have written theirs */
fn sum16(lane: u32, columns: u32) -> u32 {
  workgroupBarrier();
  if (lane < 16u) {
    var s = 0u;
    for (var c = lane; c < columns; c += 16u) { s = f_add(s, squares[c]); }
    partial[lane] = s;
  }
  for (var half = 8u; half >= 1u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] = f_add(partial[lane], partial[lane + half]); }
  }
  workgroupBarrier();
  return partial[0];
}
fn inverse_rms(sum: u32, columns: u32, epsilon: u32) -> u32 {
  return f_div(ONE, f_sqrt(f_add(f_div(sum, f_from_u32(columns)), epsilon)));
}
`;
}

/** Most columns whose squares fit the memory of a workgroup beside the other variables. */
export const MOST_COLUMNS = 3840;
