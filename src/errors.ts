/**
 * What went wrong, for code that has to tell one failure from another. Codes are stable across versions; new
 * ones may come with a minor version.
 *
 * - `invalid_file`: A file is not what its format says: truncated, damaged, hostile. Fetch it again; if it
 *   stays so, make it again from its source.
 * - `unsupported`: A file or an option is well formed and names something that is not done here. Read the
 *   message: it names what is not done, and mostly what is.
 * - `shape_mismatch`: A tensor, picture or input has another size than the model takes. Give as many bytes
 *   or elements as the message says.
 * - `dtype_mismatch`: A tensor has another element type than was asked for or is taken. Give, or ask for,
 *   the type that the message names.
 * - `invalid_argument`: An argument is missing, unknown, outside of its range or NaN; a call comes at the
 *   wrong time. Correct the call: the message says what was given and what was expected.
 * - `limit_exceeded`: A model, file, text or conversation needs more memory, work or places than the limit
 *   in force. Give less, or raise the limit or load-time symbol that the message names.
 * - `disposed`: The object was disposed of before this call, or during it. Keep it until its last call has
 *   ended.
 * - `not_found`: A file, folder, name, entry or tensor that was asked for is not there. Look at the names
 *   that there are; the message often lists them.
 * - `io_error`: The file system, the network or a pipe failed: no space, no permission, no connection. Put
 *   that right and try again; `cause` is the error of the system.
 * - `device_lost`: The GPU is not there any more, or has refused what it was told. Load again, and restore what
 *   was saved.
 * - `internal`: A state that should not be reached: a defect of fewbit. Please report it, with the message
 *   and the model.
 */
export type ErrorCode =
  | "invalid_file"
  | "unsupported"
  | "shape_mismatch"
  | "dtype_mismatch"
  | "invalid_argument"
  | "limit_exceeded"
  | "disposed"
  | "not_found"
  | "io_error"
  | "device_lost"
  | "internal";

/**
 * The one error class of fewbit. The message says what was given, what was expected and where.
 *
 * @example
 * ```ts
 * import { FewbitError } from "@fewbit/fewbit";
 *
 * const error = new FewbitError("shape_mismatch", "Cannot run: pixels: 3 bytes, 784 expected");
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
