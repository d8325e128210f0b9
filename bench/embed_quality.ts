/** How near the integers of all-MiniLM-L6-v2 come to onnxruntime's float32, on texts that calibrated nothing. */
import { load } from "../src/engines/load.ts";
import { compileFloatEncoder } from "../src/compile/encoder.ts";
import { readEncoderFolder } from "../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../src/compile/encoder_folder.ts";
import { encodeProgram } from "../src/program/encode.ts";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { modelFolder } from "../tools/fetch_model.ts";
import { openWebSession } from "./onnxruntime.ts";
import { table } from "../tools/markdown_table.ts";
import { inputsOf, meanPooled, onnxPeers } from "./minilm/peers.ts";
import { calibrationTexts, paragraphs } from "./minilm/texts.ts";

const TEXTS = 500;
const MAX_TOKENS = 256;

/** One variant beside the float32 embeddings. */
export interface Quality {
  readonly name: string;
  readonly fileBytes: number;
  readonly meanCosine: number;
  readonly leastCosine: number;
  /** Of the similarities of all pairs of texts. */
  readonly correlation: number;
}

/** Embeds 500 paragraphs of WikiText-2 with every variant. */
export async function benchEmbedQuality(): Promise<readonly Quality[]> {
  const folder = await readEncoderFolder(modelFolder("minilm"));
  const tokenizer = Tokenizer.fromJson(folder.tokenizer);
  const texts = (await paragraphs()).slice(24, 24 + TEXTS);
  const ids = texts.map((text) => tokenizer.encode(text, { maxTokens: MAX_TOKENS }).ids);
  const calibration = await calibrationTexts();
  const peers = await onnxPeers();
  const oracle = await embedOnnx(peers[0].model, ids);
  const results: Quality[] = [];
  const add = (name: string, fileBytes: number, rows: readonly Float32Array[]): void => {
    results.push({ name, fileBytes, ...compare(rows, oracle) });
  };
  const float = await encodeProgram(compileFloatEncoder(folder));
  add("fewbit float32", float.length, await embed(float, ids));
  const variants = {
    "fewbit w8a8 (default)": {},
    "fewbit w7a8": { weightBits: 7 },
    "fewbit w8a8, token table in 4 bits": { tableBits: 4 },
    "fewbit w8a8, GELU in 8 bits": { geluBits: 8 },
    "fewbit w7a8, GELU in 8 bits": { weightBits: 7, geluBits: 8 },
  } as const;
  for (const [name, options] of Object.entries(variants)) {
    const own = "geluBits" in options ? { texts: calibration } : {};
    const file = await encodeProgram(await quantizeEncoder(folder, { ...options, ...own }));
    add(name, file.length, await embed(file, ids));
  }
  for (const { name, model } of peers.slice(1)) {
    add(`onnxruntime-${name}`, model.length, await embedOnnx(model, ids));
  }
  return results;
}

/** The table. */
export function reportEmbedQuality(results: readonly Quality[]): string {
  return table(
    ["", "file MB", "mean cosine", "least cosine", "correlation of similarities"],
    results.map(({ name, fileBytes, meanCosine, leastCosine, correlation }) => [
      name,
      (fileBytes / 1e6).toFixed(1),
      meanCosine.toFixed(6),
      leastCosine.toFixed(6),
      correlation.toFixed(6),
    ]),
  );
}

async function embed(
  file: Uint8Array<ArrayBuffer>,
  texts: readonly Int32Array[],
): Promise<Float32Array[]> {
  using instance = await load(file, { symbols: { max_tokens: MAX_TOKENS, max_sequences: 1 } });
  return texts.map((ids) => {
    const { sums } = instance.runSync({ ids, offsets: Int32Array.of(0, ids.length) });
    return unit(Float64Array.from(sums.data as Int32Array | Float32Array));
  });
}

async function embedOnnx(
  model: Uint8Array,
  texts: readonly Int32Array[],
): Promise<Float32Array[]> {
  const session = await openWebSession(model);
  const rows: Float32Array[] = [];
  for (const ids of texts) rows.push(unit(meanPooled(await session.run(inputsOf(ids)))));
  await session.release();
  return rows;
}

function unit(row: Float64Array): Float32Array {
  const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(row, (value) => value / norm);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function compare(
  rows: readonly Float32Array[],
  oracle: readonly Float32Array[],
): Omit<Quality, "name" | "fileBytes"> {
  const cosines = rows.map((row, i) => dot(row, oracle[i]));
  const pairs: [number, number][] = [];
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) pairs.push([dot(rows[i], rows[j]), dot(oracle[i], oracle[j])]);
  }
  return {
    meanCosine: cosines.reduce((a, b) => a + b) / cosines.length,
    leastCosine: Math.min(...cosines),
    correlation: pearson(pairs),
  };
}

function pearson(pairs: readonly (readonly [number, number])[]): number {
  const mean = (k: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length;
  const [a, b] = [mean(0), mean(1)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [x, y] of pairs) {
    ab += (x - a) * (y - b);
    aa += (x - a) ** 2;
    bb += (y - b) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
