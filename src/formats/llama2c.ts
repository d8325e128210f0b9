/**
 * Models and vocabularies in the files of llama2.c (`stories15M.bin`, `tokenizer.bin`), little-endian:
 *
 * ```text
 * model       i32 dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len
 *             f32 of the tensors, those of one name for all layers together; two tables of angles;
 *             the head, where vocab_size is negative
 * vocabulary  u32 longest piece; for each piece f32 score, i32 bytes, the bytes
 * ```
 *
 * @module
 */
import { FewbitError } from "../errors.ts";
import { openFileSync } from "../files/read_file.ts";
import { foreignFile } from "../foreign_file.ts";
import type { LazyTensor } from "../tensor.ts";
import { readRange } from "./_file_range.ts";
import { tensorFromBytes } from "./tensor_bytes.ts";

/** Sizes of a model. */
export interface Llama2cHeader {
  /** Channels. */
  readonly dim: number;
  /** Channels between the two linear layers of an MLP. */
  readonly hiddenDim: number;
  /** Layers. */
  readonly layers: number;
  /** Heads of the queries. */
  readonly heads: number;
  /** Heads of keys and values. */
  readonly kvHeads: number;
  /** Pieces of the vocabulary. */
  readonly vocabSize: number;
  /** Longest text. */
  readonly seqLen: number;
  /** Whether the head has the weights of the embedding. */
  readonly shared: boolean;
}

/** A model file: its sizes, and its tensors by llama2.c's names, those of layers as `wq.0`, `wq.1`, …. */
export interface Llama2cFile {
  readonly header: Llama2cHeader;
  readonly tensors: ReadonlyMap<string, LazyTensor>;
}

/** A piece of a vocabulary. */
export interface Llama2cPiece {
  readonly bytes: Uint8Array;
  readonly score: number;
}

const HEADER_BYTES = 28;
/** Begins files of llama2.c's later versions, which have another order. */
const LATER_MAGIC = 0x616b3432;
/** Most of any size; keeps products of three of them exact. */
const MOST = 2 ** 17;

/**
 * Opens a model of version 0, which has no magic: it is known by its sizes, which have to give the
 * length of the file. Tensors are read when they are asked for.
 *
 * @throws {FewbitError} `unsupported` for another version, `invalid_file` where the sizes are none of a
 * model or do not give the length of the file.
 */
export function openLlama2c(path: string): Llama2cFile {
  const { file, size } = openFileSync(path);
  file.close();
  const start = readRange(path, 0, Math.min(HEADER_BYTES, size));
  const header = readHeader(start);
  const tensors = new Map<string, LazyTensor>();
  let at = HEADER_BYTES;
  for (const { name, shape, layers } of partsOf(header)) {
    const bytes = 4 * shape.reduce((product, extent) => product * extent, 1);
    for (let layer = 0; layer < (layers ?? 1); layer++, at += bytes) {
      const begin = at;
      tensors.set(layers === undefined ? name : `${name}.${layer}`, {
        dtype: "f32",
        shape,
        read: () => tensorFromBytes("llama2.c model", "f32", shape, readRange(path, begin, bytes)),
      });
    }
  }
  if (at === size) return { header, tensors };
  throw invalid(`its sizes ${JSON.stringify(header)} give ${at} bytes, the file has ${size}`);
}

/** Tensors of one name, one or as many as layers. */
interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly layers?: number;
}

/** The tensors in their order. Those of angles, which follow from the sizes, are there too. */
function partsOf(header: Llama2cHeader): Part[] {
  const { dim, hiddenDim, layers, heads, kvHeads, vocabSize, seqLen, shared } = header;
  const size = dim / heads;
  const each = (name: string, ...shape: number[]): Part => ({ name, shape, layers });
  return [
    { name: "token_embedding_table", shape: [vocabSize, dim] },
    each("rms_att_weight", dim),
    each("wq", dim, dim),
    each("wk", kvHeads * size, dim),
    each("wv", kvHeads * size, dim),
    each("wo", dim, dim),
    each("rms_ffn_weight", dim),
    each("w1", hiddenDim, dim),
    each("w2", dim, hiddenDim),
    each("w3", hiddenDim, dim),
    { name: "rms_final_weight", shape: [dim] },
    { name: "freq_cis_real", shape: [seqLen, size / 2] },
    { name: "freq_cis_imag", shape: [seqLen, size / 2] },
    ...shared ? [] : [{ name: "wcls", shape: [vocabSize, dim] }],
  ];
}

function readHeader(bytes: Uint8Array): Llama2cHeader {
  if (bytes.length < HEADER_BYTES) {
    throw invalid(foreignFile(bytes) ?? `it has ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = Array.from({ length: 7 }, (_, i) => view.getInt32(4 * i, true));
  const [dim, hiddenDim, layers, heads, kvHeads, vocabulary, seqLen] = fields;
  if (dim === LATER_MAGIC) {
    throw new FewbitError(
      "unsupported",
      `Cannot read llama2.c model: it is of version ${hiddenDim}, supported is 0 (legacy)`,
    );
  }
  const vocabSize = Math.abs(vocabulary);
  const sizes = [dim, hiddenDim, layers, heads, kvHeads, vocabSize, seqLen];
  const areSizes = sizes.every((size) => size > 0 && size <= MOST) && dim % heads === 0 &&
    dim / heads % 2 === 0 && heads % kvHeads === 0;
  if (!areSizes) {
    throw invalid(
      foreignFile(bytes) ?? `its first numbers, ${fields.join(", ")}, are no sizes of a model`,
    );
  }
  return { dim, hiddenDim, layers, heads, kvHeads, vocabSize, seqLen, shared: vocabulary > 0 };
}

/**
 * Reads a vocabulary, whose file does not say how many pieces it has.
 *
 * @param count Pieces of the model.
 * @throws {FewbitError} `invalid_file` where the file has fewer or more, or is none.
 */
export function readLlama2cVocabulary(bytes: Uint8Array, count: number): Llama2cPiece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pieces: Llama2cPiece[] = [];
  let at = 4;
  for (let id = 0; id < count; id++) {
    const end = at + 8 <= bytes.length ? at + 8 + view.getUint32(at + 4, true) : Infinity;
    if (end > bytes.length) {
      throw invalidVocabulary(
        foreignFile(bytes) ?? `it ends within piece ${id}, expected ${count} pieces`,
      );
    }
    pieces.push({ score: view.getFloat32(at, true), bytes: bytes.subarray(at + 8, end) });
    at = end;
  }
  if (at === bytes.length) return pieces;
  throw invalidVocabulary(`it has ${bytes.length - at} bytes behind its ${count} pieces`);
}

function invalid(why: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read llama2.c model: ${why}`);
}

function invalidVocabulary(why: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read llama2.c vocabulary: ${why}`);
}
