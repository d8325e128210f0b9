/** Seeing that a file can be written before minutes of work go into it. */
import { FewbitError } from "../errors.ts";
import { withFileErrors } from "./file_error.ts";
import { isSameFile } from "./file_info.ts";
import type { FileInfo } from "./file_info.ts";
import { readFolder, realPath, removeFile } from "./file_system.ts";
import { open } from "./open_file.ts";
import { statOf } from "./read_file.ts";
import { splitPath } from "./split_path.ts";
import { isSpecial, temporaryIn } from "./write_file.ts";

/**
 * Checks that an output can be written and is none of what is read.
 *
 * @param path The output.
 * @param inputs Files and folders that are read. A folder stands for all files in it but compiled
 * models, which may be replaced.
 * @param option What names it on the command line.
 * @throws {FewbitError} `not_found` for a missing folder, `invalid_argument` for a folder or an input
 * (also by a link), `io_error` where nothing can be written.
 */
export async function checkOutput(
  path: string,
  inputs: readonly string[] = [],
  option = "--output",
): Promise<void> {
  if (await isSpecial(path)) return;
  const [folder, name] = splitPath(path);
  const present = await statOf(path).catch(() => undefined);
  if (name === "" || present?.isDirectory) {
    throw new FewbitError("invalid_argument", `Cannot write ${path}: it is a folder`);
  }
  for (const input of inputs) {
    if (present === undefined || !await reads(input, present)) continue;
    throw new FewbitError(
      "invalid_argument",
      `Cannot write ${path}: it is a file of ${input}, which is read; give another ${option}`,
    );
  }
  await withFileErrors(`Cannot write ${path}`, async () => {
    const temporary = temporaryIn(folder);
    (await open(temporary, "create")).close();
    await removeFile(temporary);
  });
}

/** An output, and what names it on the command line. Default: `--output`. */
export type Output = readonly [path: string, option?: string];

/**
 * Checks several outputs, of which no two may be one file.
 *
 * @throws {FewbitError} As {@linkcode checkOutput}.
 */
export async function checkOutputs(
  outputs: readonly Output[],
  inputs: readonly string[] = [],
): Promise<void> {
  const places = new Set<string>();
  for (const [path, option] of outputs) {
    await checkOutput(path, inputs, option);
    if (await isSpecial(path)) continue;
    const [folder, name] = splitPath(path);
    const place = `${await realPath(folder)}/${name}`;
    if (places.has(place)) {
      throw new FewbitError("invalid_argument", `Cannot write ${path} twice: give other names`);
    }
    places.add(place);
  }
}

/** Whether a file is an input, or lies in an input that is a folder. */
async function reads(input: string, file: FileInfo): Promise<boolean> {
  const info = await statOf(input).catch(() => undefined);
  if (info === undefined) return false;
  if (!info.isDirectory) return isSameFile(info, file);
  for (const folder of [input, `${input}/1_Pooling`]) {
    for (const { name } of await readFolder(folder).catch(() => [])) {
      if (name.endsWith(".fewbit")) continue;
      const entry = await statOf(`${folder}/${name}`).catch(() => undefined);
      if (entry?.isFile && isSameFile(entry, file)) return true;
    }
  }
  return false;
}
