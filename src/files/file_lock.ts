/** One at a time, also between processes. */
import { FewbitError } from "../errors.ts";
import { withFileErrors } from "./file_error.ts";
import { splitPath } from "./split_path.ts";

/** How long to wait between two tries. */
const PAUSE_MS = 50;

/** Options of {@linkcode withFileLock}. */
export interface FileLockOptions {
  /** Stops waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once where another has the lock. */
  readonly onWait?: () => void;
}

/**
 * Does work while no other process does work with this file. The lock is the system's on a hidden file
 * beside it, so that it ends with its process, however that ends.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  { signal, onWait }: FileLockOptions = {},
): Promise<T> {
  const [folder, name] = splitPath(path);
  const lock = `${folder}/.${name}.lock`;
  const file = await withFileErrors(`Cannot lock ${path}`, async () => {
    let waits = false;
    for (;;) {
      signal?.throwIfAborted();
      const file = await tryToLock(lock);
      if (file !== undefined) return file;
      if (!waits) onWait?.();
      waits = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  try {
    return await work();
  } finally {
    // Removed before it is unlocked: whoever then locks the removed file sees that it has no name.
    await Deno.remove(lock).catch(() => {});
    file.close();
  }
}

/** The locked file, or nothing where another has it. */
async function tryToLock(lock: string): Promise<Deno.FsFile | undefined> {
  const file = await openLock(lock);
  if (file === undefined) return undefined;
  try {
    if (await file.tryLock(true) && await hasName(file, lock)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** Opens the file, or makes it; nothing where it went away in between. A link is not followed. */
async function openLock(lock: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(lock, { write: true, createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  try {
    if (!(await Deno.lstat(lock)).isFile) {
      throw new FewbitError("invalid_argument", `Cannot lock ${lock}: it is no regular file`);
    }
    return await Deno.open(lock, { write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether the file still has its name. */
async function hasName(file: Deno.FsFile, lock: string): Promise<boolean> {
  const named = await Deno.lstat(lock).catch(() => undefined);
  const { dev, ino } = await file.stat();
  return named?.ino === ino && named.dev === dev;
}
