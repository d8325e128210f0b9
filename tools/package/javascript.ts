/**
 * The package's JavaScript: a module an entry, others for what several of them need, and source maps. Names
 * are those of the library; bundlers of applications make them short.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
// deno-lint-ignore no-import-prefix -- the version is that of examples/bundle.ts, which a test compares
import { build, type OutputFile, type Plugin, stop } from "npm:esbuild@0.28.2";
import { bareNames } from "../bare_names.ts";
import { COMMAND, ENTRIES, ROOT, stemOf } from "./entries.ts";
import { markPureInitialisers } from "./pure_initialisers.ts";

const root = fileURLToPath(ROOT);

const pureInitialisers: Plugin = {
  name: "pure initialisers",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: markPureInitialisers(path, await Deno.readTextFile(path)),
      loader: "ts",
    }));
  },
};

/** Of the configuration the command line needs its version, and nobody the tasks. */
const onlyVersion: Plugin = {
  name: "only the version",
  setup(build) {
    build.onLoad({ filter: /\/deno\.json$/ }, async ({ path }) => ({
      contents: JSON.stringify({ version: JSON.parse(await Deno.readTextFile(path)).version }),
      loader: "json",
    }));
  },
};

/** Names in `dist/` and contents. */
export async function javascript(): Promise<Map<string, string>> {
  const paths = [...Object.values(ENTRIES), COMMAND];
  try {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(paths.map((path) => [stemOf(path), `${root}${path}`])),
      outdir: `${root}dist`,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      supported: { "using": false },
      charset: "utf8",
      sourcemap: "linked",
      external: ["node:*"],
      plugins: [pureInitialisers, onlyVersion, bareNames],
      write: false,
    });
    return named(await Promise.all(outputFiles.map(withOriginals)));
  } finally {
    await stop();
  }
}

interface NamedFile {
  readonly name: string;
  readonly text: string;
}

/** A file; a source map with the sources as they are in the repository, and not outside the package. */
async function withOriginals({ path, text }: OutputFile): Promise<NamedFile> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!name.endsWith(".map")) return { name, text };
  const map = JSON.parse(text) as { sources: string[]; sourcesContent: string[] };
  const sources = map.sources.map((source) => source.replace(/^(\.\.\/)+/, ""));
  map.sourcesContent = await Promise.all(
    sources.map(async (source, i) =>
      source.endsWith(".ts")
        ? await Deno.readTextFile(new URL(source, ROOT))
        : map.sourcesContent[i]
    ),
  );
  map.sources = sources.map((source) => `../${source}`);
  return { name, text: JSON.stringify(map) };
}

/** A name with a digest of the contents, which changes with every change. */
const DIGEST = /^(.+)-[A-Z0-9]{8}\.js$/;

/** Names of modules that were divided off become such that stay, in the order in which they are imported. */
function named(files: readonly NamedFile[]): Map<string, string> {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const visit = (name: string): void => {
    if (names.has(name)) return;
    const stem = (DIGEST.exec(name)?.[1] ?? name.replace(/\.js$/, "")).replace(/^chunk$/, "shared");
    let fresh = `${stem}.js`;
    for (let i = 2; taken.has(fresh); i++) fresh = `${stem}-${i}.js`;
    taken.add(fresh);
    names.set(name, fresh);
    for (const [, other] of texts.get(name)!.matchAll(/"\.\/([\w-]+\.js)"/g)) {
      if (texts.has(other)) visit(other);
    }
  };
  for (const path of [...Object.values(ENTRIES), COMMAND]) visit(`${stemOf(path)}.js`);
  const result = new Map<string, string>();
  for (const [name, text] of texts) {
    const fresh = names.get(name.replace(/\.map$/, ""));
    if (fresh === undefined) throw new Error(`nothing imports ${name}`);
    if (name.endsWith(".map")) {
      result.set(`${fresh}.map`, text);
      continue;
    }
    // Imports of nothing have no effect, and bundlers warn of them. The line stays: maps count it.
    const without = text.replaceAll(/^import "\.\/[\w-]+\.js";$/gm, "");
    result.set(fresh, without.replaceAll(/[\w-]+\.js\b/g, (word) => names.get(word) ?? word));
  }
  return new Map([...result].sort(([a], [b]) => a < b ? -1 : 1));
}
