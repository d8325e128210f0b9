/**
 * Writing files so that a name has the old bytes or all of the new ones, whatever happens and whoever
 * else writes.
 */
import { FewbitError } from "../errors.ts";
import { withFileErrors } from "./file_error.ts";
import { lstat, realPath, removeFile, rename, setMode } from "./file_system.ts";
import { isWindows } from "./host.ts";
import { open } from "./open_file.ts";
import type { OpenFile } from "./open_file.ts";
import { statOf } from "./read_file.ts";
import { splitPath } from "./split_path.ts";

/** Bytes between two looks at the signal. */
const PIECE_BYTES = 2 ** 24;

/** Folders whose entries stand for devices and open files. */
const DEVICE_FOLDERS = /^\/(dev|proc)(\/|$)/;

/** Options of {@linkcode writeFile}. */
export interface WriteFileOptions {
  /** Stops before the file gets its name, with its reason; then nothing is left. */
  readonly signal?: AbortSignal | undefined;
  /** Told the name of the temporary file before it is made, and `undefined` when it is gone. */
  readonly onTemporary?: (path: string | undefined) => void;
}

/**
 * Writes a file: into a temporary one in the same folder, with a name that nobody else has and that is
 * made anew (so that no link that lies there is followed), to the disk, and then under its name. What
 * had the name before is replaced, its permissions are kept; where a link had it, the link is replaced,
 * not what it leads to. Devices and pipes, such as `/dev/stdout`, are written to.
 *
 * @throws {FewbitError} `not_found` for a missing folder, `invalid_argument` where the name is a
 * folder's, `io_error` for a full disk and the like. Then the old file is still there, and no other.
 */
export async function writeFile(
  path: string,
  bytes: Uint8Array,
  { signal, onTemporary }: WriteFileOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  await withFileErrors(`Cannot write ${path}`, async () => {
    if (await isSpecial(path)) return await writeThrough(path, bytes, signal);
    const [folder, name] = splitPath(path);
    if (name === "") {
      throw new FewbitError("invalid_argument", `Cannot write ${path}: it is a folder`);
    }
    const temporary = temporaryIn(folder);
    onTemporary?.(temporary);
    try {
      await writeNew(temporary, bytes, await modeOf(path), signal);
      signal?.throwIfAborted();
      await rename(temporary, path);
    } catch (error) {
      await removeFile(temporary).catch(() => {});
      throw error;
    } finally {
      onTemporary?.(undefined);
    }
    await syncFolder(folder);
  });
}

/** A name for a temporary file in a folder. */
export function temporaryIn(folder: string): string {
  return `${folder}/.fewbit-${crypto.randomUUID()}.partial`;
}

/** Whether a name stands for something that is written to, not replaced. */
export async function isSpecial(path: string): Promise<boolean> {
  const info = await statOf(path).catch(() => undefined);
  if (info === undefined || info.isDirectory) return false;
  if (!info.isFile) return true;
  // `/dev/stdout` leads to the file that the shell redirects to.
  const folder = await realPath(splitPath(path)[0]).catch(() => "");
  return DEVICE_FOLDERS.test(folder);
}

async function writeThrough(
  path: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  using file = await open(path, "write");
  await writeAll(file, bytes, signal);
}

async function writeNew(
  path: string,
  bytes: Uint8Array,
  mode: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  using file = await open(path, "create");
  if (mode !== undefined) await setMode(path, mode);
  await writeAll(file, bytes, signal);
  await file.sync();
}

async function writeAll(
  file: OpenFile,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    signal?.throwIfAborted();
    at += await file.write(bytes.subarray(at, at + PIECE_BYTES));
  }
}

/** Permissions of the file that is replaced; a link has none of its own. */
async function modeOf(path: string): Promise<number | undefined> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isFile ? info.mode & 0o777 : undefined;
}

/** Makes the new name last. Some systems and file systems cannot do this for a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (isWindows()) return;
  try {
    using file = await open(folder);
    await file.sync();
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "EACCES") throw error;
  }
}
