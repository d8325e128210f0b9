/** The package `@fewbit/fewbit`. */
import { COMMAND, ENTRIES, ROOT, stemOf } from "./entries.ts";
import { declarations } from "./declarations.ts";
import type { Files } from "./files.ts";
import { javascript } from "./javascript.ts";
import { readme } from "./readme.ts";

/** What both packages take from `deno.json`. */
export interface Configuration {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
}

/** Reads it. */
export async function configuration(): Promise<Configuration> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
}

/** Files that anybody may import by name, and that are as they are in the repository. */
const ASSETS: Readonly<Record<string, string>> = {
  "./fewbit.simd.wasm": "wasm/fewbit.simd.wasm",
  "./fewbit.h": "wasm/fewbit.h",
};

/** For TypeScript, which does not know what bundlers and workerd make of a module. */
const WASM_TYPES = `/** The module, compiled, where a host imports WebAssembly. */
declare const module: WebAssembly.Module;
export default module;
`;

/** Contents by path in the package. */
export async function libraryFiles(): Promise<Files> {
  const scripts = await javascript();
  const read = (path: string): Promise<Uint8Array<ArrayBuffer>> =>
    Deno.readFile(new URL(path, ROOT));
  return new Map<string, string | Uint8Array<ArrayBuffer>>([
    ["package.json", await manifest(scripts)],
    ["README.md", await readme()],
    ["LICENSE", await read("LICENSE")],
    ["bin/fewbit.js", `#!/usr/bin/env node\nimport "../dist/${stemOf(COMMAND)}.js";\n`],
    ["fewbit.simd.d.wasm.ts", WASM_TYPES],
    ...await Promise.all(
      Object.entries(ASSETS).map(async ([name, path]) =>
        [name.slice(2), await read(path)] as const
      ),
    ),
    ...[...scripts].map(([name, text]) => [`dist/${name}`, text] as const),
    ...[...await declarations()].map(([name, text]) => [`types/${name}`, text] as const),
  ]);
}

async function manifest(scripts: ReadonlyMap<string, string>): Promise<string> {
  const { name, version, license, exports } = await configuration();
  for (const [entry, path] of Object.entries(exports)) {
    if (ENTRIES[entry] !== path.slice(2)) throw new Error(`deno.json exports ${entry} as ${path}`);
  }
  const modules = Object.entries(ENTRIES).map(([entry, path]) => [entry, {
    types: `./types/${path.replace(/\.ts$/, ".d.ts")}`,
    default: `./dist/${stemOf(path)}.js`,
  }]);
  const assets = [...Object.keys(ASSETS), "./package.json"].map((asset) => [asset, asset]);
  return json({
    name,
    version,
    description:
      "Few-bit neural networks anywhere WebAssembly runs, with the same bits on every host",
    keywords: ["wasm", "quantization", "vision-transformer", "language-model", "embeddings"],
    license,
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.16" },
    bin: { fewbit: "bin/fewbit.js" },
    exports: Object.fromEntries([...modules, ...assets]),
    dependencies: await dependencies(scripts),
    peerDependencies: { "@fewbit/models": version },
    peerDependenciesMeta: { "@fewbit/models": { optional: true } },
  });
}

/** The packages that the modules import, with the versions that the sources name. */
async function dependencies(
  scripts: ReadonlyMap<string, string>,
): Promise<Readonly<Record<string, string>>> {
  const { specifiers } = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT))) as {
    readonly specifiers: Readonly<Record<string, string>>;
  };
  const found: Record<string, string> = {};
  for (const text of scripts.values()) {
    for (
      const [, name] of text.matchAll(/^(?:import|export|\}).* from "((?!node:)[^."][^"]*)";$/gm)
    ) {
      const specifier = Object.keys(specifiers).find((each) => each.startsWith(`npm:${name}@`));
      if (specifier === undefined) throw new Error(`${name} is in no lock`);
      found[name] = specifiers[specifier];
    }
  }
  return found;
}

/** As npm writes it. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
