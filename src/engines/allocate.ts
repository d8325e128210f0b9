import { FewbitError } from "../errors.ts";

/** Zeroed memory, or the error that says that there is none. */
export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new FewbitError("limit_exceeded", `Cannot allocate ${bytes} bytes`, { cause });
  }
}
