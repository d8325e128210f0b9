/** What the programs of README.md write, everywhere. */

import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";

/** The text of the README's programs. */
export async function expectedText(): Promise<string> {
  using lm = await TextGenerator.fromPretrained();
  return await lm.complete("ROMEO:", { seed: 16, maxTokens: 24 });
}
