/** The embedder with all-MiniLM-L6-v2: ids, embeddings beside the goldens, and 500 other texts. */
import assert from "node:assert/strict";
import { compileFloatEncoder } from "../../src/compile/encoder.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import type { EncodedTexts } from "./_encode_worker.ts";
import { cosine, encodeEach, MINILM, readMiniLM, WIKI, wikiParagraphs } from "./_minilm.ts";
import { absent, readJson, sha256Int32, SHARED } from "./_shared.ts";

const golden = "golden/minilm";
const ignore = absent(`${MINILM}/model.safetensors`, `${SHARED}/${golden}/embeddings.json`);

interface Item {
  readonly text: string;
  readonly ids: number[];
  readonly embedding_f32_base64: string;
}

/** How close embeddings are to others of the same texts. */
interface Closeness {
  readonly mean: number;
  readonly least: number;
  /** Pearson's correlation of the cosines of all pairs. */
  readonly correlation: number;
}

function closeness(a: readonly Float32Array[], b: readonly Float32Array[]): Closeness {
  const cosines = a.map((row, i) => cosine(row, b[i]));
  return {
    mean: cosines.reduce((sum, x) => sum + x, 0) / cosines.length,
    least: Math.min(...cosines),
    correlation: correlation(pairs(a), pairs(b)),
  };
}

function pairs(rows: readonly Float32Array[]): number[] {
  return rows.flatMap((row, i) => rows.slice(i + 1).map((other) => cosine(row, other)));
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  return cosine(x.map((value) => value - mx), y.map((value) => value - my));
}

Deno.test({
  name: "golden: TextEmbedder takes MiniLM's folder: ids and embeddings of the 61 texts",
  ignore,
  fn: async () => {
    const items: Item[] = readJson(`${golden}/embeddings.json`).items;
    const { golden_61: expected } = readJson(`${golden}/integer.json`);
    using embedder = await TextEmbedder.fromPretrained(MINILM);
    assert.deepEqual(
      [embedder.name, embedder.dimension, embedder.maxTokens],
      ["all-MiniLM-L6-v2", 384, 256],
    );
    for (const { text, ids } of items) {
      const encoding = embedder.tokenizer.encode(text, { maxTokens: embedder.maxTokens });
      assert.deepEqual([...encoding.ids], ids, text.slice(0, 80));
    }
    const { rows, tokens } = await embedder.embed(items.map(({ text }) => text));
    assert.deepEqual(tokens, items.map(({ ids }) => ids.length));
    const originals = items.map(({ embedding_f32_base64: base64 }) =>
      new Float32Array(Uint8Array.fromBase64(base64).buffer)
    );
    const { mean, least, correlation } = closeness(rows, originals);
    assert.ok(mean >= 0.998 && least >= 0.99, `cosine: mean ${mean}, least ${least}`);
    assert.ok(Math.abs(mean - expected.cosine_mean) < 1e-6);
    assert.ok(Math.abs(least - expected.cosine_least) < 1e-6);
    assert.ok(Math.abs(correlation - expected.correlation_of_similarities) < 1e-6);
  },
});

/** Encodes in two threads. */
async function encodeAll(texts: readonly number[][]): Promise<EncodedTexts> {
  const shares = await Promise.all([0, 1].map(async (parity) => {
    const worker = new Worker(new URL("_encode_worker.ts", import.meta.url), { type: "module" });
    try {
      return await new Promise<EncodedTexts>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(texts.filter((_, i) => i % 2 === parity));
      });
    } finally {
      worker.terminate();
    }
  }));
  return {
    float: texts.map((_, i) => shares[i % 2].float[i >> 1]),
    integer: texts.map((_, i) => shares[i % 2].integer[i >> 1]),
  };
}

Deno.test({
  name: "golden: integers beside float32 on 500 paragraphs that calibration did not see",
  ignore: ignore || absent(WIKI),
  fn: async () => {
    using embedder = await TextEmbedder.fromPretrained(MINILM);
    const texts = wikiParagraphs().slice(24, 524)
      .map((text) => [...embedder.tokenizer.encode(text, { maxTokens: 256 }).ids]);
    assert.equal(texts.length, 500);
    const { float, integer } = await encodeAll(texts);
    // The embedder's batches give what the program gives of one text.
    const some = [0, 1, 2, 3, 4, 5].map((i) => i * 83);
    const { rows } = await embedder.embedIds(some.map((i) => texts[i]));
    assert.deepEqual(rows, some.map((i) => integer[i]));
    const { mean, least, correlation } = closeness(integer, float);
    console.log(
      `cosine: mean ${mean.toFixed(5)}, least ${least.toFixed(5)}; ` +
        `correlation of similarities ${correlation.toFixed(5)}`,
    );
    assert.ok(mean >= 0.996 && least >= 0.985, `cosine: mean ${mean}, least ${least}`);
    assert.ok(correlation >= 0.998, `correlation ${correlation}`);
    // float32 in WebAssembly is the reference engine's, bit for bit, on the shortest of them.
    const shortest = texts.reduce((best, ids, i) => ids.length < texts[best].length ? i : best, 0);
    const program = compileFloatEncoder(readMiniLM());
    for await (const { sums } of encodeEach(program, "reference", [texts[shortest]])) {
      assert.equal(
        sha256Int32(new Int32Array(sums.data.buffer)),
        sha256Int32(new Int32Array(float[shortest].buffer)),
      );
    }
  },
});
