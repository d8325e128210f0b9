/** What attention in integers has in common. */

/** Most scores of a row: with the other variables they fit the 16 KiB of a workgroup that every adapter has. */
export const MOST_KEYS = 2944;

/** `score(query, key, first, size)` in WGSL: the product of `size` codes from column `first` on. */
export const SCORE: string = `fn score(query: u32, key: u32, first: u32, size: u32) -> i32 {
  let words = (size + 3u) >> 2u;
  /* what is behind the head in its last word */
  let rest = (4u - (size & 3u)) & 3u;
  var acc = 0;
  for (var d = 0u; d < words; d++) {
    var codes = pack_q(query, first + 4u * d);
    if (d + 1u == words) { codes &= 0xffffffffu >> (8u * rest); }
    acc += dot4I8Packed(codes, pack_k(key, first + 4u * d));
  }
  return acc;
}`;
