/** The block of Philox4x32-10 (src/numeric/philox.ts) with the counter (first, second, third and fourth). */
export function philox_block(first: u32, second: u32, rest: u64, key: u64): v128 {
  let c0 = first, c1 = second, c2 = <u32> rest, c3 = <u32> (rest >> 32);
  let k0 = <u32> key, k1 = <u32> (key >> 32);
  for (let round = 0; round < 10; round++) {
    const p0 = <u64> 0xd2511f53 * <u64> c0, p1 = <u64> 0xcd9e8d57 * <u64> c2;
    c0 = <u32> (p1 >> 32) ^ c1 ^ k0;
    c1 = <u32> p1;
    c2 = <u32> (p0 >> 32) ^ c3 ^ k1;
    c3 = <u32> p0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  const low = i32x4.replace_lane(i32x4.splat(c0), 1, c1);
  return i32x4.replace_lane(i32x4.replace_lane(low, 2, c2), 3, c3);
}
