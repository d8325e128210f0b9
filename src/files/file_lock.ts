/** One at a time, also between processes. */
import { FewbitError } from "../errors.ts";
import { describeOwner, isGone, newOwner } from "./_lock_owner.ts";
import { withFileErrors } from "./file_error.ts";
import { lstat, makeFolder, readFolder, removeFile, removeFolder, rename } from "./file_system.ts";
import { open } from "./open_file.ts";
import { splitPath } from "./split_path.ts";
import { temporaryIn } from "./write_file.ts";

/** How long to wait between two tries. */
const PAUSE_MS = 50;

/** What systems answer where a folder shall get the name of one that is not empty. */
const TAKEN = ["ENOTEMPTY", "EEXIST", "EPERM"];

/** Options of {@linkcode withFileLock}. */
export interface FileLockOptions {
  /** Stops waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once where another has the lock, with who it is, in words. */
  readonly onWait?: (owner: string) => void;
}

/**
 * Does work while no other process does work with this file. The lock is a hidden folder beside it, in
 * which a file is named after its owner, so that one whose process has ended, however that was, holds
 * nobody up. On another machine or in another container nobody can see that; whoever waits is told.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  { signal, onWait }: FileLockOptions = {},
): Promise<T> {
  const [folder, name] = splitPath(path);
  const lock = `${folder}/.${name}.lock`;
  const mine = await withFileErrors(`Cannot lock ${path}`, async () => {
    const owner = await newOwner();
    let waits = false;
    for (;;) {
      signal?.throwIfAborted();
      const other = await ownerOf(lock);
      if (other === undefined && await take(lock, owner, folder)) return `${lock}/${owner}`;
      if (!waits && other !== undefined) {
        onWait?.(`${describeOwner(other)} has it; if that has ended, remove ${lock}`);
        waits = true;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  try {
    return await work();
  } finally {
    await removeFile(mine).catch(() => {});
    // Another may have it already.
    await removeFolder(lock).catch(() => {});
  }
}

/** The owner of a lock; nothing where it is free, and then it is an empty folder at most. */
async function ownerOf(lock: string): Promise<string | undefined> {
  const info = await unlessMissing(lstat(lock));
  if (info === undefined) return undefined;
  if (!info.isDirectory) throw noLock(lock);
  for (const { name } of await unlessMissing(readFolder(lock)) ?? []) {
    const gone = await isGone(name);
    if (gone === undefined) throw noLock(lock);
    if (!gone) return name;
    // No other has this name: nobody's lock is taken away who took it in between.
    await unlessMissing(removeFile(`${lock}/${name}`));
  }
  return undefined;
}

/** Makes the lock one's own, if nobody was quicker: a folder takes the place of an empty one only. */
async function take(lock: string, owner: string, folder: string): Promise<boolean> {
  const temporary = temporaryIn(folder);
  const file = `${temporary}/${owner}`;
  await makeFolder(temporary);
  try {
    (await open(file, "create")).close();
    // Windows replaces no folder.
    await removeFolder(lock).catch(() => {});
    await rename(temporary, lock);
    return true;
  } catch (error) {
    await removeFile(file).catch(() => {});
    await removeFolder(temporary).catch(() => {});
    if (TAKEN.includes(codeOf(error))) return false;
    throw error;
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown }).code);

function noLock(lock: string): FewbitError {
  return new FewbitError(
    "invalid_argument",
    `Cannot lock: ${lock} is no lock of fewbit; remove it`,
  );
}
