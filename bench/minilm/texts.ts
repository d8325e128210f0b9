/** Paragraphs of WikiText-2's test text. */
import { sharedPath } from "../shared.ts";

/** Those that the oracle calibrates on: the first 24 of more than 120 characters. */
export async function calibrationTexts(): Promise<string[]> {
  return (await paragraphs()).slice(0, 24);
}

/** All paragraphs of more than 120 characters that are no headings. */
export async function paragraphs(): Promise<string[]> {
  const text = await Deno.readTextFile(sharedPath("data/wikitext-2-raw/wiki.test.raw"));
  return text.split("\n").filter((line) => line.length > 120 && !line.startsWith(" ="))
    .map((line) => line.trim());
}
