/** The rows of a session's cache that a token sees, in WGSL. */
import { SEQUENCES } from "./_sequences.ts";

/** `position_in(token)`, its place in its session, and `session_of(token)`. */
export const SESSIONS: string = `${SEQUENCES}fn position_in(token: u32) -> u32 {
  let s = sequence_of(token);
  return u32(read_past(0u, s)) + token - u32(read_offsets(0u, s));
}
fn session_of(token: u32) -> u32 { return u32(read_slot(0u, sequence_of(token))); }
fn head_count() -> u32 { return attribute_kv_heads() * attribute_group(); }
fn score_rows() -> u32 { return q_rows() * head_count(); }
`;
