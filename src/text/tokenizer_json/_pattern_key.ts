import { Pattern } from "../pattern/pattern.ts";
import type { SectionReader } from "./section_reader.ts";
import { isObject } from "./json.ts";

/** `pattern: { String }` or `{ Regex }`. */
export function patternOf(reader: SectionReader): Pattern {
  const pattern = reader.value("pattern");
  if (isObject(pattern) && Object.keys(pattern).length === 1) {
    if (typeof pattern.String === "string") return Pattern.literal(pattern.String);
    if (typeof pattern.Regex === "string") return Pattern.of(pattern.Regex);
  }
  throw reader.invalid("it has no pattern that is a String or a Regex");
}
