/** What went wrong, for code that has to tell one failure from another. */
export type ErrorCode =
  /** A file is not what its format says: truncated, corrupt, hostile. */
  | "invalid_file"
  /** A file or option is well formed, but names something this build does not do. */
  | "unsupported"
  /** A tensor has the wrong extents. */
  | "shape_mismatch"
  /** A tensor has the wrong element type. */
  | "dtype_mismatch"
  /** An argument is outside its range, NaN, missing or unknown. */
  | "invalid_argument"
  /** A model needs more memory, work or sessions than the limit in force. */
  | "limit_exceeded"
  /** The object was disposed before this call. */
  | "disposed"
  /** A file, name or entry that was asked for is not there. */
  | "not_found"
  /** The file system, the network or a pipe failed: no space, no permission, no connection. */
  | "io_error"
  /** The engine found itself in a state it should not reach: a defect of fewbit. */
  | "internal";

/**
 * The one error class of fewbit. The message says what was given, what was expected and where.
 *
 * @example
 * ```ts
 * import { FewbitError } from "@fewbit/fewbit";
 *
 * const error = new FewbitError("shape_mismatch", "Cannot run: expected 784 bytes, got 3");
 * console.log(error.code);
 * ```
 */
export class FewbitError extends Error {
  /** The kind of failure; stable across versions, unlike the message. */
  readonly code: ErrorCode;

  /** Makes an error of one kind with a message for people; a hostile file may not make it long. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message.length > 1000 ? `${message.slice(0, 1000)}…` : message, options);
    this.name = "FewbitError";
    this.code = code;
  }
}
