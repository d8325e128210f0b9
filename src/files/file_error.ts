/** Errors of the file system as errors of fewbit. */
import { FewbitError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

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
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) {
    // Deno's permissions have no code of POSIX.
    if (cause.name !== "NotCapable") return cause;
    return new FewbitError("io_error", `${action}: ${cause.message}`, { cause });
  }
  const [kind, text] = MEANINGS[code] ??
    ["io_error", cause.message.split(/ \(os error|\n/)[0] || code];
  return new FewbitError(kind, `${action}: ${text}`, { cause });
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
