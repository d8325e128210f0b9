import { FewbitError } from "../errors.ts";
import { copyBytes } from "./tensor_bytes.ts";

/**
 * Bytes of input given to the decompressor at a time. Deno returns all output of one piece at once,
 * and DEFLATE expands at most 1032 times, so this bounds what exists before the limit is seen.
 */
const PIECE_BYTES = 16_384;

/**
 * Decompresses bytes, up to a limit.
 *
 * @param format Name of the format, for the messages.
 * @param encoding `gzip` or `deflate-raw`.
 * @param limit Most bytes of output that are accepted.
 * @returns The output, at most `limit` bytes.
 */
export async function inflate(
  format: string,
  bytes: Uint8Array,
  encoding: "gzip" | "deflate-raw",
  limit: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of pieces(bytes).pipeThrough(new DecompressionStream(encoding))) {
      total += chunk.length;
      if (total > limit) {
        throw new FewbitError(
          "limit_exceeded",
          `Cannot read ${format}: the decompressed data exceeds ${limit} bytes`,
        );
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof FewbitError) throw cause;
    throw new FewbitError("invalid_file", `Cannot read ${format}: the compressed data is corrupt`, {
      cause,
    });
  }
  return concat(chunks, total);
}

function pieces(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(copyBytes(bytes.subarray(at, at + PIECE_BYTES)));
      at += PIECE_BYTES;
    },
  });
}

function concat(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const joined = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
