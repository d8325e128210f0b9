/** A program's file as a whole, for engines that do not stream. */
import { decodeHeader } from "../program/decode.ts";
import { HEADER_BYTES } from "../program/format.ts";
import { SourceReader } from "./wasm/source.ts";
import type { ProgramSource } from "./wasm/source.ts";

/** The whole file and no more than one byte behind it: what takes it does not stream. */
export async function wholeFile(
  source: ProgramSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const reader = new SourceReader(source, signal, () => {});
  try {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const all = async (): Promise<Uint8Array> =>
      new Uint8Array(await new Blob(chunks).arrayBuffer());
    for (let most = HEADER_BYTES; reader.loaded < most;) {
      const chunk = await reader.read(most - reader.loaded);
      if (chunk.length === 0) break;
      chunks.push(new Uint8Array(chunk));
      if (reader.loaded !== HEADER_BYTES) continue;
      const { headBytes, blobBytes } = decodeHeader(await all());
      most = headBytes + blobBytes + 1;
    }
    return await all();
  } finally {
    reader.close();
  }
}
