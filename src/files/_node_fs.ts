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

/** The module. */
export interface NodeFs {
  readonly constants: Readonly<Record<"O_RDONLY" | "O_WRONLY" | "O_CREAT" | "O_EXCL", number>>;
  readonly promises: {
    stat(path: string, options: Integers): Promise<Stats>;
    lstat(path: string, options: Integers): Promise<Stats>;
    realpath(path: string): Promise<string>;
    readlink(path: string): Promise<string>;
    rename(from: string, to: string): Promise<void>;
    unlink(path: string): Promise<void>;
    chmod(path: string, mode: number): Promise<void>;
    mkdir(path: string): Promise<void>;
    rmdir(path: string): Promise<void>;
    readFile(path: string, encoding: "utf8"): Promise<string>;
    readdir(
      path: string,
      options: { readonly withFileTypes: true },
    ): Promise<readonly (Kinds & { readonly name: string })[]>;
  };
  open(path: string, flags: number, mode: number, done: Done<number>): void;
  fstat(fd: number, options: Integers, done: Done<Stats>): void;
  fsync(fd: number, done: (error: Error | null) => void): void;
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
