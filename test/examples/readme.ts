/** The samples of README.md, with the outputs that it shows. */
import assert from "node:assert/strict";

/** A block of code. */
export interface Sample {
  /** The heading above it; empty at the beginning. */
  readonly section: string;
  /** The words in bold that begin a paragraph above it in the section, as `Node`. */
  readonly part: string;
  /** `ts`, `js`, `sh`, … */
  readonly language: string;
  /** The file that it is, for what begins with a comment that is a name. */
  readonly file?: string;
  readonly text: string;
  /** A block of `text` right behind it: what it prints. */
  readonly output?: string;
}

/** Who runs the samples of a section; one that is missing here fails. */
const RUN_BY: Readonly<Record<string, string>> = {
  "": "test/examples/main.ts",
  "Use it": "test/examples/main.ts",
  "Use it in your project": "test/packages, test/hosts",
  "Serve": "test/examples/main.ts, test/hosts/serve_test.ts",
  "Chat": "test/golden/readme_models_test.ts",
  "Sentence embeddings": "test/golden/readme_models_test.ts",
};

const NAME = /^(?:\/\/ |<!-- )([\w.-]+\.\w+)(?: -->)?\n/;

/** All of them, in order. */
export async function readmeSamples(): Promise<readonly Sample[]> {
  const samples = samplesOf(await Deno.readTextFile(new URL("../../README.md", import.meta.url)));
  for (const { section, text } of samples) {
    assert.ok(section in RUN_BY, `README.md, ${section}: nobody runs\n${text}`);
  }
  return samples;
}

/** The samples of a text in Markdown. */
export function samplesOf(markdown: string): readonly Sample[] {
  const samples: Sample[] = [];
  let [section, part] = ["", ""];
  let end = 0;
  const pattern = /^## (.+)$|^\*\*([^*]+)\*\*|^```(\w+).*\n([^]*?)^```$/gm;
  for (const match of markdown.matchAll(pattern)) {
    const [all, heading, bold, language, text] = match;
    const { index } = match;
    if (heading !== undefined) [section, part] = [heading, ""];
    else if (bold !== undefined) part = bold;
    else if (
      language === "text" && markdown.slice(end, index).trim() === "" && samples.length > 0
    ) {
      samples.push({ ...samples.pop()!, output: text });
    } else {
      const file = NAME.exec(text)?.[1];
      samples.push({ section, part, language, text, ...file !== undefined && { file } });
    }
    end = index + all.length;
  }
  return samples;
}

/** What was printed is what is shown, in which `…` stands for anything: times, what differs from host to host. */
export function assertShown(printed: string, { section, text, output }: Sample): void {
  assert.ok(output !== undefined, `README.md, ${section}: no output behind\n${text}`);
  const literal = output.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", "[^]*?");
  const message = `README.md, ${section}:\n${text}\nshows\n${output}\nand prints\n${printed}`;
  assert.match(printed.replaceAll(/ +$/gm, "").trim(), new RegExp(`^${literal}$`), message);
}
