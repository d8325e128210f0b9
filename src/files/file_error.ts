/** Errors of the file system as errors of fewbit. */
import { FewbitError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { NO_FILE_SYSTEM } from "./_node_fs.ts";

/** What the codes of POSIX mean to a user. Codes that are not here are `io_error` with the system's text. */
const MEANINGS: Readonly<Record<string, readonly [code: ErrorCode, text: string]>> = {
  ENOENT: ["not_found", "no such file or folder"],
  ENOTDIR: ["not_found", "a part of its path is no folder"],
  EISDIR: ["invalid_argument", "it is a folder"],
  EINVAL: ["invalid_argument", "its name is not valid"],
  ENAMETOOLONG: ["invalid_argument", "its name is too long"],
  ELOOP: ["invalid_argument", "its links lead round in a circle"],
  EACCES: ["io_error", "permission denied"],
  EPERM: ["io_error", "operation not permitted"],
  EROFS: ["io_error", "the file system is read-only"],
  ENOSPC: ["io_error", "no space left on the device"],
  EDQUOT: ["io_error", "the disk quota is used up"],
  EFBIG: ["io_error", "the file system takes no file of this size"],
  EMFILE: ["io_error", "too many open files"],
  EPIPE: ["io_error", "the pipe is closed"],
  // Of Node's API itself: a name with a NUL, which no system takes.
  ERR_INVALID_ARG_VALUE: ["invalid_argument", "its name is not valid"],
  [NO_FILE_SYSTEM]: ["unsupported", "this host has no file system; give bytes or a URL"],
};

/**
 * The error to throw for a failure of the file system; anything else, such as an abort or a defect, is
 * given back as it is.
 *
 * @param action What failed, such as `Cannot read model.fewbit`.
 */
export function fileError(action: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof FewbitError) return cause;
  const { code } = cause as { readonly code?: unknown };
  // Permissions of Deno and of Node have no code of POSIX.
  if (cause.name === "NotCapable" || code === "ERR_ACCESS_DENIED") {
    return new FewbitError("io_error", `${action}: ${cause.message}`, { cause });
  }
  if (typeof code !== "string") return cause;
  if (!Object.hasOwn(MEANINGS, code) && !/^E[A-Z0-9]+$/.test(code)) return cause;
  const [kind, text] = MEANINGS[code] ?? ["io_error", systemText(cause.message) || code];
  return new FewbitError(kind, `${action}: ${text}`, { cause });
}

/** What the system says: `EIO: i/o error, read 'x'` and `Input/output error (os error 5): read 'x'`. */
function systemText(message: string): string {
  return message.replace(/^E[A-Z0-9]+: /, "").split(/ \(os error|\n|, \w+(?: '|$)/)[0];
}

/** Runs a step that uses the file system; its failures become errors of fewbit. */
export async function withFileErrors<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(action, error);
  }
}

/** Whether an error says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof FewbitError && error.code === "not_found";
}
