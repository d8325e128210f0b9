/** What the registry shows of the package: of README.md how to use it. */
import { ROOT } from "./entries.ts";

const SECTION = "## Use it in your project\n";

/** The text. */
export async function readme(): Promise<string> {
  const text = await Deno.readTextFile(new URL("README.md", ROOT));
  const [title] = /^# .*\n\n.*\n/.exec(text) ?? [];
  const start = text.indexOf(SECTION);
  if (title === undefined || start < 0) throw new Error(`README.md has no "${SECTION.trim()}"`);
  const end = text.indexOf("\n## ", start + SECTION.length);
  return `${title}\n${text.slice(start, end < 0 ? undefined : end).trimEnd()}\n\n## Licence\n\n` +
    "Apache-2.0. The models of @fewbit/models have their cards there.\n";
}
