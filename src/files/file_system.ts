/** Names in the file system; failures are the host's own errors, see `file_error.ts`. */
import { called, INTEGERS, nodeFs } from "./_node_fs.ts";
import type { NamedKinds } from "./_node_fs.ts";
import { infoOf, kindOf } from "./file_info.ts";
import type { FileInfo, FileKind } from "./file_info.ts";

/** A name in a folder. A link is neither a file nor a folder. */
export interface FolderEntry extends FileKind {
  readonly name: string;
}

/** What is known of a file, or of what a link leads to. */
export async function stat(path: string): Promise<FileInfo> {
  return infoOf(await called((fs, done) => fs.stat(path, INTEGERS, done)));
}

/** The same without waiting. */
export function statSync(path: string): FileInfo {
  return infoOf(nodeFs().statSync(path, INTEGERS));
}

/** What is known of a file, or of the link itself. */
export async function lstat(path: string): Promise<FileInfo> {
  return infoOf(await called((fs, done) => fs.lstat(path, INTEGERS, done)));
}

/** The absolute path without links. */
export async function realPath(path: string): Promise<string> {
  return await called((fs, done) => fs.realpath(path, done));
}

/** What a link says. */
export async function readLink(path: string): Promise<string> {
  return await called((fs, done) => fs.readlink(path, done));
}

/** Gives a file or a folder another name; a file, or an empty folder, that has it is replaced. */
export async function rename(from: string, to: string): Promise<void> {
  await called((fs, done) => fs.rename(from, to, done));
}

/** Removes a file, or a link. */
export async function removeFile(path: string): Promise<void> {
  await called((fs, done) => fs.unlink(path, done));
}

/** Sets permissions. */
export async function setMode(path: string, mode: number): Promise<void> {
  await called((fs, done) => fs.chmod(path, mode, done));
}

/** Makes a folder. */
export async function makeFolder(path: string): Promise<void> {
  await called((fs, done) => fs.mkdir(path, done));
}

/** Removes a folder that is empty. */
export async function removeFolder(path: string): Promise<void> {
  await called((fs, done) => fs.rmdir(path, done));
}

/** The text of a file that the system makes up, which has no size. */
export async function readSystemText(path: string): Promise<string> {
  return await called((fs, done) => fs.readFile(path, "utf8", done));
}

/** What is in a folder, in the order of the system. */
export async function readFolder(path: string): Promise<FolderEntry[]> {
  const entries = await called<readonly NamedKinds[]>((fs, done) =>
    fs.readdir(path, { withFileTypes: true }, done)
  );
  return entries.map((entry) => ({ name: entry.name, ...kindOf(entry) }));
}
