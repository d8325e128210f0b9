/**
 * Sequences of a ragged batch in WGSL: `sequence_of(token)`, the last one that begins at or before it. Bounds never
 * descend; of sequences that begin at one token the last one has it.
 */
export const SEQUENCES: string = `fn sequence_of(token: u32) -> u32 {
  var low = 0u;
  var high = offsets_columns() - 1u;
  while (high - low > 1u) {
    let middle = (low + high) >> 1u;
    if (u32(read_offsets(0u, middle)) <= token) { low = middle; } else { high = middle; }
  }
  return low;
}
/* of so many positions; later tokens have the last */
fn position_of(token: u32, count: u32) -> u32 {
  return min(token - u32(read_offsets(0u, sequence_of(token))), count - 1u);
}
`;
