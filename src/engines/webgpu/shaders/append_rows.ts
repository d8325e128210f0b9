import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows of a ragged batch to the rings of their sessions; who owns a word of the cache looks for what comes there. */
export const appendRows: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(place: u32, column: u32) -> u32 {
  let rows = cache_extents().y;
  let session = place / rows;
  let row = place - session * rows;
  for (var s = 0u; s < slot_columns(); s++) {
    if (u32(read_slot(0u, s)) != session) { continue; }
    let first = u32(read_offsets(0u, s));
    let count = u32(read_offsets(0u, s + 1u)) - first;
    let past = u32(read_past(0u, s));
    /* of tokens that share a row of the ring the last one stays */
    let begin = past % rows;
    let behind = (row + rows - begin) % rows;
    if (behind < count) {
      let last = behind + (count - 1u - behind) / rows * rows;
      return u32(read_x(first + last, column));
    }
  }
  return u32(read_cache(place, column));
}`,
    "cache",
  )],
});
