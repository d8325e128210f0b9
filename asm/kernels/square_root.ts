/** ⌊√x⌋ of x below 2^62, bit by bit. */
export function square_root(x: u64): u64 {
  let root: u64 = 0;
  for (let bit: u64 = (<u64> 1) << 30; bit != 0; bit >>= 1) {
    const next = root | bit;
    if (next * next <= x) root = next;
  }
  return root;
}
