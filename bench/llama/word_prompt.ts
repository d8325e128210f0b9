/** Prompts of a known number of tokens. */

/** With a blank in front each is one token of SmolLM2. */
const WORDS =
  ("time people year way day man thing woman life child world school state family student group country " +
    "problem hand part place case week company system program question work number night point home")
    .split(" ");

/** So many words after the first, drawn from a seed; another seed begins with another word. */
export function wordPrompt(tokens: number, seed: number): string {
  let state = seed;
  const words = Array.from({ length: tokens }, (_, i) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return WORDS[i === 0 ? seed % WORDS.length : state >>> 27];
  });
  return ` ${words.join(" ")}`;
}
