/** Errors that say in which file something is wrong. */
import { FewbitError } from "../errors.ts";

/** Runs a step that reads a file; an error of fewbit names it. */
export async function named<T>(source: string | URL, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const name = String(source);
    if (!(cause instanceof FewbitError) || cause.message.includes(name)) throw cause;
    throw new FewbitError(cause.code, `${name.slice(0, 200)}: ${cause.message}`, { cause });
  }
}
