/** What is known of files. */
import type { Kinds, Stats } from "./_node_fs.ts";

/** What something is that has a name. */
export interface FileKind {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  /** Only where links are not followed. */
  readonly isSymlink: boolean;
}

/** What is known of a file. */
export interface FileInfo extends FileKind {
  readonly isFifo: boolean;
  readonly isSocket: boolean;
  /** Bytes. */
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
  /** Kind and permissions, as POSIX has them. */
  readonly mode: number;
  /** The device that it is on. */
  readonly device: bigint;
  /** Its number there; 0 where the file system has none. */
  readonly inode: bigint;
}

/** What something is, of what Node's API says. */
export function kindOf(kinds: Kinds): FileKind {
  return {
    isFile: kinds.isFile(),
    isDirectory: kinds.isDirectory(),
    isSymlink: kinds.isSymbolicLink(),
  };
}

/** What is known of a file, of what Node's API says. */
export function infoOf(stats: Stats): FileInfo {
  return {
    ...kindOf(stats),
    isFifo: stats.isFIFO(),
    isSocket: stats.isSocket(),
    size: Number(stats.size),
    modified: Number(stats.mtimeMs),
    mode: Number(stats.mode),
    device: stats.dev,
    inode: stats.ino,
  };
}

/** Whether two names have the same file. */
export function isSameFile(a: FileInfo, b: FileInfo): boolean {
  return a.inode !== 0n && a.inode === b.inode && a.device === b.device;
}
