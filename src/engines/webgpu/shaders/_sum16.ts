/** The sum of a row in float32, in WGSL: 16 strided sums from +0, then halves onto halves. */

/** What `sum16` needs before `main`. */
export const SUM16: string = "var<workgroup> partial: array<u32, 16>;\n";

/**
 * Leaves the sum of `count` numbers in `partial[0]`.
 *
 * @param value WGSL of the number in column `c`.
 */
export function sum16(count: string, value: string): string {
  return `workgroupBarrier();
  if (lane < 16u) {
    var s = 0u;
    for (var c = lane; c < ${count}; c += 16u) { s = f_add(s, ${value}); }
    partial[lane] = s;
  }
  for (var half = 8u; half >= 1u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] = f_add(partial[lane], partial[lane + half]); }
  }
  workgroupBarrier();`;
}
