/**
 * Writes the packages of npm: `@fewbit/fewbit` to `.npm/fewbit` and `@fewbit/models` to `.npm/models`. The same
 * sources give the same bytes. What they hold stands in `tools/package/contents.txt`; `--check` writes
 * nothing and fails where that is out of date.
 *
 *     deno task package
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { ROOT } from "./package/entries.ts";
import { writeFiles } from "./package/files.ts";
import type { Files } from "./package/files.ts";
import { libraryFiles } from "./package/library.ts";
import { modelsFiles } from "./package/models.ts";
import { summary } from "./package/summary.ts";

const CONTENTS = new URL("tools/package/contents.txt", ROOT);

/** The files of both packages by their folders in `.npm`. */
export async function packages(): Promise<Readonly<Record<string, Files>>> {
  return { fewbit: await libraryFiles(), models: await modelsFiles() };
}

/** Writes both to a folder. */
export async function writePackages(folder: string): Promise<void> {
  for (const [name, files] of Object.entries(await packages())) {
    await writeFiles(`${folder}/${name}`, files);
  }
}

if (import.meta.main) {
  const both = await packages();
  const text = summary({ "@fewbit/fewbit": both.fewbit, "@fewbit/models": both.models });
  if (Deno.args.includes("--check")) {
    if (await Deno.readTextFile(CONTENTS).catch(() => "") === text) console.log("ok packages");
    else {
      console.error("tools/package/contents.txt is out of date: run deno task package");
      Deno.exitCode = 1;
    }
  } else {
    for (const [name, files] of Object.entries(both)) {
      await writeFiles(fileURLToPath(new URL(`.npm/${name}`, ROOT)), files);
    }
    await Deno.writeTextFile(CONTENTS, text);
    console.log(text);
  }
}
