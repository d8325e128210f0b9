// Weights that are used once come from memory. A kernel that computes as it reads has few lines of them under way at a time: as many as the processor
// looks ahead, a few hundred instructions. A loop that only reads has all that the processor can wait for, so it fetches what comes next before.

/** Bytes of a cache line. */
const LINE: usize = 64;

/** Reads a word of each line, so that all of them are in the cache. The result says nothing; it has to be stored somewhere. */
export function read_ahead(from: usize, end: usize): i32 {
  let any = 0;
  for (; from + 4 * LINE <= end; from += 4 * LINE) {
    any |= load<i32>(from) | load<i32>(from, LINE) | load<i32>(from, 2 * LINE) |
      load<i32>(from, 3 * LINE);
  }
  for (; from + 4 <= end; from += LINE) any |= load<i32>(from);
  return any;
}
