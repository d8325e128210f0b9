/**
 * What is used of `node:fs`, which Deno and Bun have, too. It is asked for when a file is needed: a host
 * without files does everything that needs none.
 */
import { builtinModule } from "./host.ts";

/** The code of an error where the host has no file system; no system has this one. */
export const NO_FILE_SYSTEM = "ENOFILESYSTEM";

/** Sizes, numbers and times of {@linkcode Stats} as integers of any size. */
export const INTEGERS = { bigint: true } as const;

/** What a file, a folder or a link is. */
export interface Kinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** What a name in a folder stands for. */
export interface NamedKinds extends Kinds {
  readonly name: string;
}

/** What the system tells of a file. */
export interface Stats extends Kinds {
  isFIFO(): boolean;
  isSocket(): boolean;
  readonly size: bigint;
  readonly mtimeMs: bigint;
  readonly mode: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Called at the end of an operation. */
export type Done<T> = (error: Error | null, result: T) => void;

type Integers = typeof INTEGERS;

type Transfer = (
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number | null,
  done: Done<number>,
) => void;

/** The module: what waits is called with what to do then, which is there sooner than its promises. */
export interface NodeFs {
  readonly constants: Readonly<Record<"O_RDONLY" | "O_WRONLY" | "O_CREAT" | "O_EXCL", number>>;
  stat(path: string, options: Integers, done: Done<Stats>): void;
  lstat(path: string, options: Integers, done: Done<Stats>): void;
  realpath(path: string, done: Done<string>): void;
  readlink(path: string, done: Done<string>): void;
  rename(from: string, to: string, done: Done<void>): void;
  unlink(path: string, done: Done<void>): void;
  chmod(path: string, mode: number, done: Done<void>): void;
  mkdir(path: string, done: Done<void>): void;
  rmdir(path: string, done: Done<void>): void;
  readFile(path: string, encoding: "utf8", done: Done<string>): void;
  readdir(
    path: string,
    options: { readonly withFileTypes: true },
    done: Done<readonly NamedKinds[]>,
  ): void;
  open(path: string, flags: number, mode: number, done: Done<number>): void;
  fstat(fd: number, options: Integers, done: Done<Stats>): void;
  fsync(fd: number, done: Done<void>): void;
  readonly read: Transfer;
  readonly write: Transfer;
  statSync(path: string, options: Integers): Stats;
  fstatSync(fd: number, options: Integers): Stats;
  openSync(path: string, flags: number): number;
  readSync(
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  closeSync(fd: number): void;
}

/**
 * The file system.
 *
 * @throws An error with the code {@linkcode NO_FILE_SYSTEM} where the host has none.
 */
export function nodeFs(): NodeFs {
  const fs = builtinModule("node:fs");
  if (fs !== undefined) return fs as NodeFs;
  throw Object.assign(new Error("no file system"), { code: NO_FILE_SYSTEM });
}

/** The result of an operation; a failure is thrown as the host has it. */
export function called<T>(start: (fs: NodeFs, done: Done<T>) => void): Promise<T> {
  const fs = nodeFs();
  return new Promise((resolve, reject) =>
    start(fs, (error, result) => error ? reject(error) : resolve(result))
  );
}
