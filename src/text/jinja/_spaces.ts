/** What Python's `str.isspace` says, which is also `\s` of its patterns. */
const SPACES: ReadonlySet<string> = new Set(
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

/** Whether a character is white space to Python. */
export function isSpace(character: string): boolean {
  return SPACES.has(character);
}

/** Python's `strip` and its sides; `characters` as Python takes them, a set. */
export function strip(text: string, sides: "both" | "left" | "right", characters?: string): string {
  const set = characters === undefined ? SPACES : new Set(characters);
  const parts = characters === undefined ? text.split("") : [...text];
  let [start, end] = [0, parts.length];
  while (sides !== "right" && start < end && set.has(parts[start])) start++;
  while (sides !== "left" && end > start && set.has(parts[end - 1])) end--;
  return parts.slice(start, end).join("");
}
