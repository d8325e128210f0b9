/** What the package is entered by. */

/** Modules that are imported, by their names in `exports`, from the repository's root. */
export const ENTRIES: Readonly<Record<string, string>> = {
  ".": "mod.ts",
  "./runtime": "src/runtime.ts",
  "./embedder": "src/embedder.ts",
  "./generator": "src/generator.ts",
  "./server": "src/server.ts",
  "./train": "src/train.ts",
  "./webgpu": "src/webgpu.ts",
};

/** The command line, which is run and not imported. */
export const COMMAND = "cli.ts";

/** The root of the repository. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Name of an entry's files in the package: `mod`, `runtime`. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$/, "");
}
