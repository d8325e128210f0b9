/** Cutting texts as Python does. */
import type { Meter } from "./_meter.ts";
import { TemplateError } from "./_errors.ts";
import { isSpace } from "./_spaces.ts";
import { Tuple } from "./_values.ts";

/** `split` and `rsplit`; a limit below 0 is none. */
export function split(
  text: string,
  separator: string | undefined,
  limit: number,
  fromRight: boolean,
): string[] {
  if (separator === "") throw new TemplateError("empty separator");
  if (fromRight) {
    const reverse = (part: string) => [...part].reverse().join("");
    return split(reverse(text), separator && reverse(separator), limit, false).map(reverse)
      .reverse();
  }
  if (separator === undefined) return words(text, limit);
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

/** Between white space. */
function words(text: string, limit: number): string[] {
  const found: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at])) at++;
    if (at >= text.length) return found;
    let end = at;
    if (limit >= 0 && found.length >= limit) {
      end = text.length;
    } else {
      while (end < text.length && !isSpace(text[end])) end++;
    }
    found.push(text.slice(at, end));
    at = end;
  }
}

/** What ends a line to Python; `\r\n` is one. */
const LINE_ENDS: ReadonlySet<string> = new Set("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029");

/** `splitlines`. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = start;
    while (end < text.length && !LINE_ENDS.has(text[end])) end++;
    const next = Math.min(text.length, end + (text.startsWith("\r\n", end) ? 2 : 1));
    lines.push(text.slice(start, keepEnds ? next : end));
    start = next;
  }
  return lines;
}

/** `partition` and `rpartition`. */
export function partition(text: string, separator: string, fromRight: boolean): Tuple {
  if (separator === "") throw new TemplateError("empty separator");
  const at = fromRight ? text.lastIndexOf(separator) : text.indexOf(separator);
  if (at < 0) return new Tuple(fromRight ? ["", "", text] : [text, "", ""]);
  return new Tuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
}

/** `replace`; a limit below 0 is none. */
export function replaceTexts(
  text: string,
  from: string,
  to: string,
  limit: number,
  meter: Meter,
): string {
  const parts = from === "" ? ["", ...text, ""] : text.split(from);
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  meter.length(text.length + count * to.length);
  return parts.slice(0, count + 1).join(to) +
    parts.slice(count + 1).map((part) => from + part).join("");
}
