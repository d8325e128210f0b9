/** What the Rust tokenizers say: test/vectors/make_text.py. */
import { Tokenizer } from "../../src/text/tokenizer.ts";

/** A text and its ids. */
export interface TokenizerCase {
  readonly text: string;
  readonly pair?: string;
  readonly maxTokens?: number;
  readonly ids: readonly number[];
  readonly decoded: string;
  readonly decodedWithoutSpecial: string;
}

/** A tokenizer and its cases. */
export interface TokenizerVectors {
  readonly name: string;
  // deno-lint-ignore no-explicit-any
  readonly tokenizer: any;
  readonly config: Record<string, unknown>;
  readonly cases: readonly TokenizerCase[];
}

/** Byte-level BPE, the same with bos, WordPiece, SentencePiece with byte fallback, lower-casing BPE. */
export const VECTORS: readonly TokenizerVectors[] = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/text/tokenizers.json", import.meta.url)),
);

/** The vectors of a name. */
export function vectorsOf(name: string): TokenizerVectors {
  const vectors = VECTORS.find((vectors) => vectors.name === name);
  if (vectors === undefined) throw new Error(`no vectors named ${name}`);
  return vectors;
}

/** The tokenizer of a name. */
export function tokenizerOf(name: string): Tokenizer {
  const { tokenizer, config } = vectorsOf(name);
  return Tokenizer.fromJson(tokenizer, config);
}
