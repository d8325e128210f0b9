/** Embeddings in 32 bits, 8 bits and 1 bit a number, and how close two of them are. */
import { FewbitError } from "../../errors.ts";
import type { Similarity } from "../../models/sentence_config.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";

/** Formats of embeddings by name. */
export const EMBEDDING_FORMATS = ["float32", "int8", "binary"] as const;

/** How an embedding is given: see {@linkcode toEmbeddingFormat}. */
export type EmbeddingFormat = typeof EMBEDDING_FORMATS[number];

/** An embedding of a format. */
export interface EmbeddingRows {
  /** Numbers of a unit vector, unless the model makes none. */
  readonly float32: Float32Array;
  /** `round(127·x)`. */
  readonly int8: Int8Array;
  /** Signs, eight a byte. */
  readonly binary: Uint8Array;
}

/** An embedding of any format. */
export type Embedding = EmbeddingRows[EmbeddingFormat];

/**
 * An embedding in another format. `int8` is `round(127·x)`, half to even, from −127 to 127. `binary`
 * has a bit for each number, 1 where it is positive, the first number in the highest bit of the first
 * byte, as `numpy.packbits` has them; what is left of the last byte is 0.
 */
export function toEmbeddingFormat<F extends EmbeddingFormat>(
  row: Float32Array,
  format: F,
): EmbeddingRows[F] {
  checkEmbeddingFormat(format);
  switch (format) {
    case "float32":
      return row as EmbeddingRows[F];
    case "int8":
      return Int8Array.from(row, (x) => roundHalfEven(127 * x)) as EmbeddingRows[F];
    default:
      return packSigns(row) as EmbeddingRows[F];
  }
}

/** Refuses what is no format. */
export function checkEmbeddingFormat(format: EmbeddingFormat): void {
  if (EMBEDDING_FORMATS.includes(format)) return;
  const names = EMBEDDING_FORMATS.join(", ");
  throw new FewbitError(
    "invalid_argument",
    `Cannot embed: format is ${JSON.stringify(format)}, expected ${names}`,
  );
}

function packSigns(row: Float32Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(row.length / 8));
  row.forEach((x, i) => {
    if (x > 0) bytes[i >> 3] |= 0x80 >> (i & 7);
  });
  return bytes;
}

/** How embeddings of a model are compared. */
export interface SimilarityOptions {
  /** `cosine` (default), `dot`, or a distance with a minus. */
  readonly function?: Similarity;
  /** Whether they are unit vectors. Default true. */
  readonly normalized?: boolean;
}

/**
 * How close two embeddings are. Their cosine: of `float32` the dot product in float64, over both lengths
 * unless these are 1; of `int8` the dot product over 127²; of `binary` the share of equal bits, less that
 * of others. Of `float32` the other functions as well.
 *
 * @param dimension Numbers of an embedding.
 * @throws {FewbitError} `invalid_argument` where they have not the same format, or not this dimension;
 * `unsupported` for another function of `int8` and `binary`.
 */
export function embeddingSimilarity(
  a: Embedding,
  b: Embedding,
  dimension: number,
  { function: name = "cosine", normalized = true }: SimilarityOptions = {},
): number {
  const format = formatOf(a);
  const length = format === "binary" ? Math.ceil(dimension / 8) : dimension;
  if (
    format === undefined || format !== formatOf(b) || a.length !== length || b.length !== length
  ) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot compare ${shown(a)} and ${shown(b)}: expected two embeddings of one format, ` +
        `of ${dimension} numbers`,
    );
  }
  const isCosine = name === "cosine" || (name === "dot" && normalized);
  if (format === "float32") {
    return isCosine && normalized ? sumOf(a, b, (x, y) => x * y) : compared(a, b, name);
  }
  if (!isCosine) {
    throw new FewbitError(
      "unsupported",
      `Cannot compare ${format} embeddings of a model that compares by ${name}: take float32`,
    );
  }
  if (format === "binary") return (dimension - 2 * differingBits(a, b)) / dimension;
  return sumOf(a, b, (x, y) => x * y) / (127 * 127);
}

/** A sum over pairs of numbers, in order, in float64. */
function sumOf(a: Embedding, b: Embedding, term: (x: number, y: number) => number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += term(a[i], b[i]);
  return sum;
}

function compared(
  a: Embedding,
  b: Embedding,
  name: Similarity,
): number {
  const product = (x: number, y: number): number => x * y;
  switch (name) {
    case "dot":
      return sumOf(a, b, product);
    case "euclidean":
      return -Math.sqrt(sumOf(a, b, (x, y) => (x - y) * (x - y)));
    case "manhattan":
      return -sumOf(a, b, (x, y) => Math.abs(x - y));
    default: {
      const length = Math.sqrt(sumOf(a, a, product)) * Math.sqrt(sumOf(b, b, product));
      return length === 0 ? 0 : sumOf(a, b, product) / length;
    }
  }
}

function formatOf(row: unknown): EmbeddingFormat | undefined {
  if (row instanceof Float32Array) return "float32";
  if (row instanceof Int8Array) return "int8";
  return row instanceof Uint8Array ? "binary" : undefined;
}

function shown(row: unknown): string {
  if (!ArrayBuffer.isView(row)) return `a ${row === null ? "null" : typeof row}`;
  return `${row.constructor.name}(${(row as Uint8Array).length})`;
}

function differingBits(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    for (let bits = a[i] ^ b[i]; bits !== 0; bits &= bits - 1) count++;
  }
  return count;
}
