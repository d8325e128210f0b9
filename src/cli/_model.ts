/** A compiled model as bytes. */
import { openModel } from "../checkpoints/sources.ts";

/**
 * Reads a whole `model.fewbit`: a path, a URL, a folder that holds one, or the index of one in parts.
 *
 * @throws {FewbitError} `not_found` where nothing is there.
 */
export async function readModel(source: string, signal?: AbortSignal): Promise<Uint8Array> {
  const opened = await openModel(source, signal);
  if (opened instanceof Uint8Array) return opened;
  if (Symbol.asyncIterator in opened && !(opened instanceof ReadableStream)) {
    const chunks = await Array.fromAsync(opened, (chunk) => new Uint8Array(chunk));
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  }
  const response = opened instanceof Response ? opened : new Response(opened);
  return new Uint8Array(await response.arrayBuffer());
}
