/** Messages that name options as the user typed them, not as the library calls them. */

/**
 * `maxTokens is 0` becomes `--max-tokens is 0`, `--output` becomes `-o` where that was typed.
 *
 * @param typed How each option was typed, by its name in code.
 */
export function asTyped(message: string, typed: ReadonlyMap<string, string>): string {
  let text = message;
  for (const [inCode, flag] of typed) {
    const name = inCode.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    // A word of one part may be a plain word, unless a value follows.
    const pattern = inCode === name ? `(?<=: )${name}(?= is )` : `\\b${inCode}\\b`;
    text = text.replaceAll(new RegExp(pattern, "g"), flag)
      .replaceAll(new RegExp(`--${name}(?![\\w-])`, "g"), flag);
  }
  return text;
}
