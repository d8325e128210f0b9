/** all-MiniLM-L6-v2 against its goldens: the float graph, and every node of the integer one. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import {
  calibrateEncoder,
  compileEncoder,
  compileEncoderTaps,
  compileFloatEncoder,
} from "../../src/compile/encoder.ts";
import type { EncoderCheckpoint } from "../../src/checkpoints/encoder_folder.ts";
import { readEncoderScales, writeEncoderScales } from "../../src/quantize/encoder_scales.ts";
import { unitVector } from "../../src/pipelines/embedding/unit_vector.ts";
import type { Tensor } from "../../src/tensor.ts";
import {
  calibrationIds,
  cosine,
  encodeEach,
  MINILM,
  readMiniLM,
  readScales,
  WIKI,
} from "./_minilm.ts";
import { absent, readJson, sha256, sha256Int32, SHARED } from "./_shared.ts";

interface Item {
  readonly ids: number[];
  readonly embedding_f32_base64: string;
}

interface IntegerItem {
  readonly sums_i32_sha256: string;
  readonly node_sha256_le_i32?: Record<string, string>;
}

const WASM: readonly SyncEngineName[] = ["wasm-simd", "wasm-relaxed"];
const golden = "golden/minilm";
const ignore = absent(`${MINILM}/model.safetensors`, `${SHARED}/${golden}/embeddings.json`);

let checkpoint: EncoderCheckpoint | undefined;
const model = (): EncoderCheckpoint => checkpoint ??= readMiniLM();
const items = (): Item[] => readJson(`${golden}/embeddings.json`).items;
const integers = (): IntegerItem[] => readJson(`${golden}/integer.json`).items;
const embeddingOf = (item: Item): Float32Array =>
  new Float32Array(Uint8Array.fromBase64(item.embedding_f32_base64).buffer);

/** Indices of texts, the shortest first: the reference engine takes seconds for one. */
function shortest(count: number): number[] {
  const all = items();
  return all.map((_, i) => i).sort((a, b) => all[a].ids.length - all[b].ids.length).slice(0, count);
}

async function collect(
  outputs: AsyncGenerator<Readonly<Record<string, Tensor>>>,
): Promise<Int32Array[]> {
  const sums: Int32Array[] = [];
  for await (const output of outputs) sums.push(output.sums.data as Int32Array);
  return sums;
}

Deno.test({
  name: "golden: MiniLM in float32 has the embeddings of the original",
  ignore,
  fn: async (t) => {
    const program = compileFloatEncoder(model());
    const all = items();
    const cases: [SyncEngineName, number[]][] = [
      ["wasm-simd", all.map((_, i) => i)],
      ["reference", shortest(2)],
    ];
    for (const [engine, texts] of cases) {
      await t.step(`${engine}, ${texts.length} texts`, async () => {
        let at = 0;
        for await (const { sums } of encodeEach(program, engine, texts.map((i) => all[i].ids))) {
          const similarity = cosine(sums.data as Float32Array, embeddingOf(all[texts[at]]));
          assert.ok(similarity >= 0.999999, `text ${texts[at]}: cosine ${similarity}`);
          at++;
        }
        assert.equal(at, texts.length);
      });
    }
  },
});

Deno.test({
  name: "golden: MiniLM in integers has the oracle's channel sums",
  ignore,
  fn: async (t) => {
    const program = compileEncoder(model(), readScales());
    const [all, expected] = [items(), integers()];
    const cases: [SyncEngineName, number[]][] = [
      ...WASM.map((engine): [SyncEngineName, number[]] => [engine, all.map((_, i) => i)]),
      ["reference", shortest(3)],
    ];
    for (const [engine, texts] of cases) {
      await t.step(`${engine}, ${texts.length} texts`, async () => {
        const sums = await collect(encodeEach(program, engine, texts.map((i) => all[i].ids)));
        assert.deepEqual(sums.map(sha256), texts.map((i) => expected[i].sums_i32_sha256));
        const similar = sums.map((s, k) => cosine(unitVector(s), embeddingOf(all[texts[k]])));
        assert.ok(Math.min(...similar) > 0.985);
      });
    }
  },
});

Deno.test({
  name: "golden: every node of MiniLM in integers has the oracle's hash",
  ignore,
  fn: async (t) => {
    const program = compileEncoderTaps(model(), readScales());
    const [all, expected] = [items(), integers()];
    const texts = expected.flatMap(({ node_sha256_le_i32 }, i) => node_sha256_le_i32 ? [i] : []);
    assert.ok(texts.length > 6);
    for (const engine of WASM) {
      await t.step(engine, async () => {
        let at = 0;
        for await (const outputs of encodeEach(program, engine, texts.map((i) => all[i].ids))) {
          const nodes = expected[texts[at]].node_sha256_le_i32!;
          const hashes = Object.fromEntries(
            Object.keys(nodes).map((name) =>
              [name, sha256Int32(outputs[name].data as Int32Array)] as const
            ),
          );
          assert.deepEqual(hashes, nodes, `text ${texts[at]}`);
          at++;
        }
      });
    }
  },
});

Deno.test({
  name: "golden: a ragged batch of MiniLM is its texts one by one",
  ignore,
  fn: async (t) => {
    const all = items();
    const bounds = all.reduce((at, { ids }) => [...at, at[at.length - 1] + ids.length], [0]);
    const ids = Int32Array.from(all.flatMap((item) => item.ids));
    const symbols = { max_tokens: ids.length, max_sequences: all.length };
    for (const weightBits of [8, 7] as const) {
      const program = compileEncoder(model(), readScales(), { weightBits });
      for (const engine of WASM) {
        await t.step(`${weightBits} bits, ${engine}`, async () => {
          const each = await collect(encodeEach(program, engine, all.map((item) => item.ids)));
          using instance = await load(program, { engine, symbols });
          const { sums } = await instance.run({ ids, offsets: Int32Array.from(bounds) }, {
            symbols: { tokens: ids.length, sequences: all.length },
          });
          assert.deepEqual([...sums.data as Int32Array], each.flatMap((row) => [...row]));
        });
      }
    }
  },
});

Deno.test({
  name: "golden: MiniLM calibrated on the oracle's texts has its scales, bit for bit",
  ignore: ignore || absent(WIKI),
  fn: async () => {
    const found = await calibrateEncoder(model(), calibrationIds());
    const expected = readJson(`${golden}/scales.json`);
    const { scales_f32_bits, smooth_f32_bits } = JSON.parse(writeEncoderScales(found));
    assert.deepEqual(scales_f32_bits, expected.scales_f32_bits);
    assert.deepEqual(smooth_f32_bits, expected.smooth_f32_bits);
  },
});

Deno.test({
  name: "golden: the scales that ship are the oracle's",
  ignore,
  fn: () => {
    const expected = readEncoderScales(Deno.readTextFileSync(`${SHARED}/${golden}/scales.json`));
    assert.deepEqual(readScales(), expected);
  },
});
