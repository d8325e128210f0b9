/** The encoder that `deno task fetch-model minilm` gets, and its goldens. */
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import type { EncoderCheckpoint } from "../../src/checkpoints/encoder_folder.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { readEncoderScales } from "../../src/quantize/encoder_scales.ts";
import type { EncoderScales } from "../../src/quantize/encoder_scales.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { SHARED } from "./_shared.ts";

/** Folder of the model. */
export const MINILM: string = modelFolder("minilm");

/** The scales that ship. */
const SCALES_PATH: string = new URL(
  "../../models/all-MiniLM-L6-v2.scales.json",
  import.meta.url,
).pathname;

/** The checkpoint. */
export function readMiniLM(): EncoderCheckpoint {
  const json = (name: string) => JSON.parse(Deno.readTextFileSync(`${MINILM}/${name}`));
  return {
    config: json("config.json"),
    pooling: json("1_Pooling/config.json"),
    sentence: json("sentence_bert_config.json"),
    weights: readSafetensors(Deno.readFileSync(`${MINILM}/model.safetensors`)),
  };
}

/** The shipped scales. */
export function readScales(): EncoderScales {
  return readEncoderScales(Deno.readTextFileSync(SCALES_PATH));
}

/** WikiText-2's test text. */
export const WIKI: string = `${SHARED}/data/wikitext-2-raw/wiki.test.raw`;

/** Its paragraphs, as the oracle takes them. */
export function wikiParagraphs(): string[] {
  return Deno.readTextFileSync(WIKI).split("\n")
    .filter((line) => [...line].length > 120 && !line.startsWith(" ="))
    .map((line) => line.trim());
}

/** Short texts that the oracle calibrates on beside the first 24 paragraphs. */
const SHORT = [
  "",
  "a",
  "Yes.",
  "no way",
  "1 2 3 4 5",
  "3.14159",
  "2024-05-17T12:30:00Z",
  "How are you?",
  "東京タワー",
  "Привет, мир!",
  "مرحبا بالعالم",
  "नमस्ते दुनिया",
  "😀 😃 😄",
  "for (let i = 0; i < n; i++) {}",
  "https://example.org/a?b=c#d",
  "THE END",
];

/** Ids of the texts that the oracle calibrates on, of at most 256 tokens. */
export function calibrationIds(): number[][] {
  const tokenizer = Tokenizer.fromJson(
    JSON.parse(Deno.readTextFileSync(`${MINILM}/tokenizer.json`)),
  );
  return [...wikiParagraphs().slice(0, 24), ...SHORT]
    .map((text) => [...tokenizer.encode(text, { maxTokens: 256 }).ids]);
}

/** Encodes texts one after the other; the outputs of each. */
export async function* encodeEach(
  program: CompiledProgram,
  engine: SyncEngineName,
  texts: readonly (readonly number[])[],
): AsyncGenerator<Readonly<Record<string, Tensor>>> {
  const symbols = { max_tokens: Math.max(...texts.map(({ length }) => length)), max_sequences: 1 };
  using instance = await load(program, { engine, symbols });
  for (const ids of texts) {
    yield await instance.run(
      { ids: Int32Array.from(ids), offsets: Int32Array.of(0, ids.length) },
      { symbols: { tokens: ids.length, sequences: 1 } },
    );
  }
}

/** Cosine of the angle between two vectors. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return dot / Math.sqrt(aa * bb);
}
