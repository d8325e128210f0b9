/** The first two words of Philox4x32-10 (src/numeric/philox.ts) with the counter (low, high, 0, 0): a·2^32 + b. */
export function philox(counter: u64, key: u64): u64 {
  let c0 = <u32> counter, c1 = <u32> (counter >> 32), c2: u32 = 0, c3: u32 = 0;
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
  return <u64> c0 << 32 | <u64> c1;
}
