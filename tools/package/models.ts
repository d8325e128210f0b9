/** The package `@fewbit/models`: what ships, with a card for each. */
import { ROOT } from "./entries.ts";
import type { Files } from "./files.ts";
import { configuration, json } from "./library.ts";

/** Names of what ships, in `models/`; each has a card beside it. */
const FILES = [
  "vit-fashion-mnist.fewbit",
  "hgrn-bit-shakespeare.fewbit",
  "stories260k.fewbit",
  "all-MiniLM-L6-v2.scales.json",
  "fashion-mnist-sample-images.idx.gz",
  "fashion-mnist-sample-labels.idx.gz",
];

/** Cards that stand for more than one file, by the beginning of the names. */
const SHARED_CARDS: readonly string[] = ["fashion-mnist-sample"];

/** Contents by path in the package. */
export async function modelsFiles(): Promise<Files> {
  const { version, license } = await configuration();
  const exports: Record<string, unknown> = { "./package.json": "./package.json" };
  const cards: string[] = [];
  const files = new Map<string, string | Uint8Array<ArrayBuffer>>();
  for (const name of FILES) {
    const stem = SHARED_CARDS.find((card) => name.startsWith(card)) ?? name.replace(/\..*$/, "");
    const card = await Deno.readTextFile(new URL(`models/${stem}.md`, ROOT));
    files.set(name, await Deno.readFile(new URL(`models/${name}`, ROOT)));
    if (!files.has(`${stem}.md`)) cards.push(card.replaceAll(/^#/gm, "##"));
    files.set(`${stem}.md`, card);
    exports[`./${name}`] = `./${name}`;
    if (!name.endsWith(".fewbit")) continue;
    // Written out: this is how bundlers know that there is a file to copy.
    files.set(
      `${stem}.js`,
      `/** Where the file is. */\nexport default new URL("./${name}", import.meta.url);\n`,
    );
    files.set(
      `${stem}.d.ts`,
      `/** Where the file is: for \`fromPretrained\`, or \`fetch\` in a browser. */\n` +
        `declare const url: URL;\nexport default url;\n`,
    );
    exports[`./${stem}`] = { types: `./${stem}.d.ts`, default: `./${stem}.js` };
  }
  files.set("README.md", readme(cards));
  files.set("LICENSE", await Deno.readFile(new URL("LICENSE", ROOT)));
  files.set(
    "package.json",
    json({
      name: "@fewbit/models",
      version,
      description: "The models that ship with @fewbit/fewbit, with their cards",
      // stories260k.fewbit is under its author's, the pictures are under Zalando's.
      license: `${license} AND MIT`,
      type: "module",
      sideEffects: false,
      exports,
    }),
  );
  return files;
}

function readme(cards: readonly string[]): string {
  return `# @fewbit/models

The models that ship with [@fewbit/fewbit](https://www.npmjs.com/package/@fewbit/fewbit). Where this is
installed, \`ImageClassifier.fromPretrained()\` and \`TextGenerator.fromPretrained()\` find them in
Node, Bun and Deno. For a page, a bundler copies what is imported:

\`\`\`js
import { loadGenerator } from "@fewbit/fewbit/generator";
import model from "@fewbit/models/hgrn-bit-shakespeare";

const lm = await loadGenerator(await fetch(model));
\`\`\`

${cards.join("\n")}`;
}
