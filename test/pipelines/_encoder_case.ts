import { load } from "../../src/engines/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { type BertConfig, bertConfig } from "../../src/models/bert_config.ts";
import { partsOf } from "../../src/pipelines/embedding/_pooled.ts";
import { compileFloatEncoder } from "../../src/compile/encoder.ts";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { cosine, floats, relativeError, withFolder } from "./_checkpoint_cases.ts";
import type { CheckpointCase } from "./_checkpoint_cases.ts";

/** A folder of sentence-transformers. */
export interface EncoderCase extends CheckpointCase {
  /** Embeddings of the texts, and those with each prompt. */
  readonly rows?: string;
  readonly prompted?: Readonly<Record<string, string>>;
  /** How close the first is to each. */
  readonly similarity?: readonly number[];
}

/** A file of them. */
export interface EncoderCases {
  readonly texts: readonly string[];
  readonly cases: Readonly<Record<string, EncoderCase>>;
}

/** What became of a folder. */
export interface EncoderResult {
  /** Why it was refused. */
  readonly refused?: FewbitError;
  /** Largest relative error of the float embeddings. */
  readonly error?: number;
  /** Least cosine of integer embeddings with the library's. */
  readonly cosine?: number;
  /** Largest relative error of the integer embeddings' lengths. */
  readonly length?: number;
  /** Largest error of the similarities of the library's embeddings. */
  readonly similarity?: number;
}

const WORDS = ["the", "cat", "sat", "on", "mat", "dog", "old", "new", "zebra", "qu", "A", "é"];

/** Texts to calibrate on, the empty one among them. */
const CALIBRATION = Array.from(
  { length: 34 },
  (_, n) => Array.from({ length: n % 17 }, (_, i) => WORDS[(n * 7 + i * 5) % 12]).join(" "),
);

/** Embeds texts with a folder's model in float32 and in integers. */
export async function runEncoder(
  item: EncoderCase,
  texts: readonly string[],
): Promise<EncoderResult> {
  return await withFolder(item.files, async (folder) => {
    try {
      const encoder = await readEncoderFolder(folder);
      const program = await quantizeEncoder(encoder, { texts: CALIBRATION, name: "case" });
      using embedder = await TextEmbedder.fromPretrained(await encodeProgram(program));
      const config = bertConfig(encoder);
      const float = await load(await encodeProgram(compileFloatEncoder(encoder)));
      const result = { error: 0, cosine: 1, length: 0, similarity: 0 };
      const runs = [[undefined, item.rows!], ...Object.entries(item.prompted ?? {})] as const;
      for (const [prompt, base64] of runs) {
        const expected = rowsOf(floats(base64), texts.length);
        const { rows } = await embedder.embed(texts, prompt === undefined ? {} : { prompt });
        const prefix = embedder.prompts.get(prompt ?? defaultPrompt(item)) ?? "";
        for (const [i, row] of rows.entries()) {
          const { ids } = embedder.tokenizer.encode(prefix + texts[i], config);
          const before = embedder.tokenizer.encode(prefix, config).ids.length - 1;
          const skipped = config.includePrompt || prefix === "" ? 0 : before;
          const real = await floatRow(float, config, ids, skipped);
          result.error = Math.max(result.error, relativeError(real, expected[i]));
          const length = Math.hypot(...expected[i]);
          if (length === 0) continue;
          result.cosine = Math.min(result.cosine, cosine(row, expected[i]));
          result.length = Math.max(result.length, Math.abs(Math.hypot(...row) / length - 1));
        }
        if (prompt !== undefined) continue;
        for (const [i, value] of item.similarity!.entries()) {
          const error = Math.abs(embedder.similarity(expected[0], expected[i]) - value);
          result.similarity = Math.max(result.similarity, error / Math.max(1, Math.abs(value)));
        }
      }
      float[Symbol.dispose]();
      return result;
    } catch (error) {
      if (error instanceof FewbitError) return { refused: error };
      throw error;
    }
  });
}

function defaultPrompt({ files }: EncoderCase): string {
  const file = files["config_sentence_transformers.json"];
  return file === undefined ? "" : JSON.parse(file).default_prompt_name ?? "";
}

function rowsOf(all: Float32Array, count: number): Float32Array[] {
  const width = all.length / count;
  return Array.from({ length: count }, (_, i) => all.subarray(i * width, (i + 1) * width));
}

/** The float program's sums, pooled as the formulas of sentence-transformers say. */
async function floatRow(
  instance: Awaited<ReturnType<typeof load>>,
  { pooling, includePrompt, normalize, width }: BertConfig,
  tokens: ArrayLike<number>,
  skipped: number,
): Promise<Float32Array> {
  const ids = Int32Array.from(tokens);
  const { length } = ids;
  const setup = { mode: pooling, includePrompt };
  const hasParts = !includePrompt || pooling === "lasttoken";
  const parts = partsOf(setup, [{ length, skipped }]);
  const { sums } = await instance.run(
    { ids, offsets: Int32Array.of(0, length), ...hasParts && { parts } },
    { symbols: { tokens: length, sequences: 1 } },
  );
  const data = sums.data as Float32Array;
  const row = hasParts ? data.subarray(width, 2 * width) : data;
  const count = Math.max(1, length - skipped);
  const divisor = pooling === "mean"
    ? count
    : pooling === "mean_sqrt_len_tokens"
    ? count ** 0.5
    : 1;
  return row.map((x) => x / (normalize ? Math.hypot(...row) || 1 : divisor));
}
