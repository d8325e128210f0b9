/** Writes a random model of the Llama architecture with ternary weights (TQ2_0) as GGUF, for llama.cpp. */
import { f32, join, padded, text, u32, u64 } from "./gguf_bytes.ts";
import type { Bytes } from "./gguf_bytes.ts";

/** Sizes of a model. */
export interface LlamaShape {
  readonly hidden: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values. Default: as many as those of the queries. */
  readonly kvHeads?: number;
  readonly vocabulary: number;
  readonly context: number;
}

const F32 = 0;
/** 256 weights in 64 bytes and a float16 scale. */
const TQ2_0 = 35;

/** The file. Token embeddings and norms are float32, every matrix and the head are TQ2_0. */
export function llamaGguf(shape: LlamaShape): Bytes {
  const { hidden, inner, layers, heads, kvHeads = heads, vocabulary } = shape;
  const tensors: { name: string; dims: readonly number[]; ternary: boolean }[] = [];
  const norm = (name: string): void => void tensors.push({ name, dims: [hidden], ternary: false });
  const matrix = (name: string, columns: number, rows: number): void =>
    void tensors.push({ name, dims: [columns, rows], ternary: true });
  tensors.push({ name: "token_embd.weight", dims: [hidden, vocabulary], ternary: false });
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `blk.${layer}.`;
    norm(`${prefix}attn_norm.weight`);
    for (const name of ["attn_q", "attn_k", "attn_v", "attn_output"]) {
      const isKept = name === "attn_k" || name === "attn_v";
      matrix(`${prefix}${name}.weight`, hidden, isKept ? hidden / heads * kvHeads : hidden);
    }
    norm(`${prefix}ffn_norm.weight`);
    for (const name of ["ffn_gate", "ffn_up"]) matrix(`${prefix}${name}.weight`, hidden, inner);
    matrix(`${prefix}ffn_down.weight`, inner, hidden);
  }
  norm("output_norm.weight");
  matrix("output.weight", hidden, vocabulary);

  const infos: Bytes[] = [];
  const data: Bytes[] = [];
  let offset = 0;
  let seed = 7;
  for (const { name, dims, ternary } of tensors) {
    const count = dims.reduce((product, extent) => product * extent, 1);
    const bytes = ternary ? ternaryBlocks(count, seed++) : floats(count, dims.length === 1, seed++);
    infos.push(join([
      text(name),
      u32(dims.length),
      ...dims.map(u64),
      u32(ternary ? TQ2_0 : F32),
      u64(offset),
    ]));
    data.push(padded(bytes));
    offset += data[data.length - 1].length;
  }
  const metadata = metadataOf(shape);
  const head = join([
    new TextEncoder().encode("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(metadata.length),
    ...metadata,
    ...infos,
  ]);
  return join([padded(head), ...data]);
}

/** A vocabulary of which every byte of ASCII is a token, so that texts have a known length. */
function metadataOf(shape: LlamaShape): Bytes[] {
  const { hidden, inner, layers, heads, kvHeads = heads, vocabulary, context } = shape;
  const tokens = ["<unk>", "<s>", "</s>"];
  const types = [2, 3, 3];
  for (let byte = 0; byte < 128; byte++) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
    types.push(6);
  }
  tokens.push("▁");
  types.push(1);
  while (tokens.length < vocabulary) {
    tokens.push(`t${tokens.length}`);
    types.push(1);
  }
  const string = (key: string, value: string) => join([text(key), u32(8), text(value)]);
  const integer = (key: string, value: number) => join([text(key), u32(4), u32(value)]);
  const list = (key: string, type: number, items: Bytes[]) =>
    join([text(key), u32(9), u32(type), u64(items.length), ...items]);
  return [
    string("general.architecture", "llama"),
    integer("llama.context_length", context),
    integer("llama.embedding_length", hidden),
    integer("llama.block_count", layers),
    integer("llama.feed_forward_length", inner),
    integer("llama.attention.head_count", heads),
    integer("llama.attention.head_count_kv", kvHeads),
    join([text("llama.attention.layer_norm_rms_epsilon"), u32(6), f32(1e-5)]),
    integer("llama.rope.dimension_count", hidden / heads),
    integer("llama.vocab_size", vocabulary),
    string("tokenizer.ggml.model", "llama"),
    string("tokenizer.ggml.pre", "default"),
    list("tokenizer.ggml.tokens", 8, tokens.map(text)),
    list("tokenizer.ggml.scores", 6, tokens.map((_, i) => f32(-i))),
    list("tokenizer.ggml.token_type", 5, types.map(u32)),
    integer("tokenizer.ggml.bos_token_id", 1),
    integer("tokenizer.ggml.eos_token_id", 2),
    integer("tokenizer.ggml.unknown_token_id", 0),
    join([text("tokenizer.ggml.add_bos_token"), u32(7), Uint8Array.of(1)]),
  ];
}

/** Random codes 0, 1 and 2, two bits each, with a scale of 2^-9. */
function ternaryBlocks(count: number, seed: number): Bytes {
  const bytes = new Uint8Array(count / 256 * 66);
  const random = words(seed);
  for (let block = 0; block < bytes.length; block += 66) {
    for (let i = 0; i < 64; i++) {
      const word = random();
      let byte = 0;
      for (let p = 0; p < 4; p++) byte |= (word >>> 8 * p & 255) % 3 << 2 * p;
      bytes[block + i] = byte;
    }
    bytes[block + 65] = 0x18;
  }
  return bytes;
}

function floats(count: number, ones: boolean, seed: number): Bytes {
  const random = words(seed);
  const values = Float32Array.from(
    { length: count },
    () => ones ? 1 : (random() / 2 ** 32 - 0.5) * 0.05,
  );
  return new Uint8Array(values.buffer);
}

function words(seed: number): () => number {
  let state = seed >>> 0;
  return () => state = Math.imul(state, 1664525) + 1013904223 >>> 0;
}
