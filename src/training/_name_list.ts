/** Most names in a message. */
const MOST = 40;

/** Names for a message, none of them twice. */
export function nameList(names: readonly string[]): string {
  const all = [...new Set(names)];
  if (all.length === 0) return "none";
  const more = all.length > MOST ? ` and ${all.length - MOST} more` : "";
  return all.slice(0, MOST).join(", ") + more;
}
