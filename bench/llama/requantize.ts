/**
 * A GGUF file written again with its matrices in another type, for llama.cpp: the metadata with the
 * tokenizer stays as it is, weights are rounded from what the file's own decode to.
 */
import { openGgufFile } from "../../src/formats/gguf_file.ts";
import { join, padded, text, u32, u64 } from "./gguf_bytes.ts";
import type { Bytes } from "./gguf_bytes.ts";
import { metadataEnd } from "./gguf_metadata.ts";
import { quantizeQ4, quantizeQ8 } from "./quantize_blocks.ts";

/** Types that llama.cpp has for the matrices, and their numbers there. */
export type MatrixType = "q8_0" | "q4_0";

const F32 = 0;
const Q4_0 = 2;
const Q8_0 = 8;

/**
 * The file. The table of tokens, which is the head, too, is Q8_0 in both, as `llama-quantize` leaves it
 * where its width is no multiple of 256; norms are float32.
 */
export function requantized(path: string, type: MatrixType): Bytes {
  const { metadata, tensors } = openGgufFile(path);
  const source = Deno.readFileSync(path);
  const infos: Bytes[] = [];
  const data: Bytes[] = [];
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const { shape } = tensor;
    const values = tensor.read().data as Float32Array<ArrayBuffer>;
    const [code, bytes] = shape.length === 1
      ? [F32, new Uint8Array(values.slice().buffer)] as const
      : type === "q8_0" || name === "token_embd.weight"
      ? [Q8_0, quantizeQ8(values)] as const
      : [Q4_0, quantizeQ4(values)] as const;
    infos.push(
      join([text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(code), u64(offset)]),
    );
    data.push(padded(bytes));
    offset += data[data.length - 1].length;
  }
  // Behind the magic, the version and two counts.
  const first = 24;
  const head = join([
    new TextEncoder().encode("GGUF"),
    u32(3),
    u64(tensors.size),
    u64(metadata.size),
    source.slice(first, metadataEnd(source, first, metadata.size)),
    ...infos,
  ]);
  return join([padded(head), ...data]);
}
