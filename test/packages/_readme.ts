/** "Use it in your project" of README.md, to be followed word by word. */

/** A block of code. */
export interface Block {
  /** `js`, `sh`, … */
  readonly language: string;
  /** The file that it is, for what begins with a comment that is a name. */
  readonly file?: string;
  readonly text: string;
}

const NAME = /^(?:\/\/ |<!-- )([\w.-]+\.\w+)(?: -->)?\n/;

/**
 * Blocks by what they are for, the first words in bold before them (`Node`, `Cloudflare Workers`); those at
 * the beginning are for all and are called `all`.
 */
export async function readmeBlocks(): Promise<ReadonlyMap<string, readonly Block[]>> {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const section = /^## Use it in your project\n([^]*?)^## /m.exec(readme)?.[1] ?? "";
  const blocks = new Map<string, Block[]>();
  let part = "all";
  const pattern = /^\*\*([^*]+)\*\*|^```(\w+).*\n([^]*?)^```$/gm;
  for (const [, title, language, text] of section.matchAll(pattern)) {
    if (title !== undefined) {
      part = title;
      continue;
    }
    const file = NAME.exec(text)?.[1];
    const block = { language, text, ...file !== undefined && { file } };
    blocks.set(part, [...blocks.get(part) ?? [], block]);
  }
  return blocks;
}
