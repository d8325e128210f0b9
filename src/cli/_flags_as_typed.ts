/** Messages that name options as the user typed them, not as the library calls them. */
import type { Arguments } from "./_command.ts";

/**
 * `maxTokens is 0` becomes `--max-tokens is 0`, `--output` becomes `-o` where that was typed.
 *
 * @param typed How each option was typed.
 */
export function asTyped(
  message: string,
  spec: Arguments,
  typed: ReadonlyMap<string, string>,
): string {
  let text = message;
  for (const name of Object.keys(spec)) {
    const flag = typed.get(name);
    if (flag === undefined) continue;
    const inCode = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    // A word of one part may be a plain word, unless a value follows.
    const pattern = inCode === name ? `(?<=: )${name}(?= is )` : `\\b${inCode}\\b`;
    text = text.replaceAll(new RegExp(pattern, "g"), flag)
      .replaceAll(new RegExp(`--${name}(?![\\w-])`, "g"), flag);
  }
  return text;
}
