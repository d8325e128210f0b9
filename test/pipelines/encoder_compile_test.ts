/** A small BERT with seeded weights: calibrated, compiled, the same integers everywhere. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import {
  calibrateEncoder,
  compileEncoder,
  compileEncoderTaps,
  compileFloatEncoder,
} from "../../src/compile/encoder.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { unitVector } from "../../src/pipelines/embedding/unit_vector.ts";
import type { EncoderQuantization } from "../../src/quantize/bert.ts";
import { Random } from "../conformance/_random.ts";
import { POSITIONS, tinyBert as checkpoint, VOCABULARY, WIDTH } from "./_tiny_bert.ts";

const ENGINES: readonly SyncEngineName[] = ["reference", "wasm-simd", "wasm-relaxed"];

/** Texts of 1 to all tokens. */
function texts(seed: number, count: number): number[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) =>
    Array.from(
      { length: i === 0 ? POSITIONS : random.integer(1, POSITIONS) },
      () => random.integer(0, VOCABULARY - 1),
    ));
}

async function encode(
  program: CompiledProgram,
  engine: SyncEngineName,
  batch: readonly (readonly number[])[],
): Promise<Int32Array | Float32Array> {
  const bounds = batch.reduce((at, { length }) => [...at, at[at.length - 1] + length], [0]);
  const ids = Int32Array.from(batch.flat());
  const symbols = { max_tokens: ids.length, max_sequences: batch.length };
  using instance = await load(program, { engine, symbols });
  const { sums } = await instance.run({ ids, offsets: Int32Array.from(bounds) }, {
    symbols: { tokens: ids.length, sequences: batch.length },
  });
  return sums.data as Int32Array | Float32Array;
}

const VARIANTS: readonly EncoderQuantization[] = [
  {},
  { weightBits: 7 },
  { geluBits: 8 },
  { tableBits: 4 },
];

for (const pooling of ["mean", "cls"] as const) {
  for (const bits of VARIANTS) {
    Deno.test(`encoder: ${pooling}, ${JSON.stringify(bits)}: batches, texts, taps and engines agree`, async () => {
      const model = checkpoint(pooling);
      const scales = await calibrateEncoder(model, texts(1, 12), bits);
      const program = compileEncoder(model, scales, bits);
      const batch = texts(2, 5);
      const sums = await encode(program, "reference", batch);
      const taps = compileEncoderTaps(model, scales, bits);
      for (const engine of ENGINES) {
        assert.deepEqual(await encode(program, engine, batch), sums);
        const each = await Promise.all(batch.map((ids) => encode(program, engine, [ids])));
        assert.deepEqual(each.flatMap((row) => [...row]), [...sums]);
        const tapped = await Promise.all(batch.map((ids) => encode(taps, engine, [ids])));
        assert.deepEqual(tapped.flatMap((row) => [...row]), [...sums]);
      }
      const real = await encode(compileFloatEncoder(model), "reference", batch);
      batch.forEach((_, s) => {
        const integer = unitVector(sums.slice(s * WIDTH, (s + 1) * WIDTH) as Int32Array);
        const float = real.slice(s * WIDTH, (s + 1) * WIDTH);
        const dot = integer.reduce((sum, x, c) => sum + x * float[c], 0);
        assert.ok(dot / Math.hypot(...float) > 0.99, `text ${s}: ${dot / Math.hypot(...float)}`);
      });
    });
  }
}

Deno.test("encoder: the float32 network is the same on every engine", async () => {
  const program = compileFloatEncoder(checkpoint());
  const batch = texts(3, 4);
  const sums = await encode(program, "reference", batch);
  for (const engine of ENGINES) assert.deepEqual(await encode(program, engine, batch), sums);
});

Deno.test("encoder: a name in front of BertModel's names changes nothing", async () => {
  const model = checkpoint();
  const scales = await calibrateEncoder(model, texts(1, 3));
  const weights = new Map([...model.weights].map(([name, t]) => [`bert.${name}`, t]));
  weights.set("cls.predictions.bias", { dtype: "f32", shape: [1], data: Float32Array.of(0) });
  assert.deepEqual(
    compileEncoder({ ...model, weights }, scales).data,
    compileEncoder(model, scales).data,
  );
});

Deno.test("encoder: metadata say what the program is", async () => {
  const model = checkpoint("cls");
  const scales = await calibrateEncoder(model, texts(1, 3));
  const tokenizer = { version: "1.0" };
  const { metadata } = compileEncoder(model, scales, { metadata: { tokenizer } });
  assert.deepEqual(metadata, {
    task: "sentence-embedding",
    architecture: "bert",
    dimension: WIDTH,
    maxTokens: POSITIONS,
    pooling: "cls",
    normalize: true,
    quantization: { weightBits: 8, geluBits: 12, tableBits: 8 },
    tokenizer,
  });
});

Deno.test("encoder: bad ids, bounds, texts, scales and weights are refused", async () => {
  const model = checkpoint();
  const scales = await calibrateEncoder(model, texts(1, 3));
  const program = compileEncoder(model, scales);
  for (const engine of ENGINES) {
    using instance = await load(program, { engine });
    const run = (ids: number[], offsets: number[]) =>
      instance.run({ ids: Int32Array.from(ids), offsets: Int32Array.from(offsets) }, {
        symbols: { tokens: ids.length, sequences: offsets.length - 1 },
      });
    const code = "invalid_argument";
    await assert.rejects(run([1, VOCABULARY], [0, 2]), { code });
    await assert.rejects(run([1, -1], [0, 2]), { code });
    await assert.rejects(run([1, 2], [0, 1]), { code });
    await assert.rejects(run([1, 2], [0, 3, 2]), { code });
    await assert.rejects(run([1, 2], [1, 2]), { code });
  }
  const code = "invalid_argument";
  await assert.rejects(calibrateEncoder(model, []), { code });
  await assert.rejects(calibrateEncoder(model, [[1], []]), { code, message: /text 1 has 0/ });
  await assert.rejects(calibrateEncoder(model, [Array(POSITIONS + 1).fill(1)]), { code });
  const fewer = new Map(scales.scales);
  fewer.delete("encoder.layer.1.scores");
  assert.throws(() => compileEncoder(model, { ...scales, scales: fewer }), {
    code: "invalid_file",
    message: /encoder\.layer\.1\.scores/,
  });
  const smooth = new Map([...scales.smooth, ["encoder.layer.0.in8", Float32Array.of(1)]]);
  assert.throws(() => compileEncoder(model, { ...scales, smooth: smooth as never }), {
    code: "invalid_file",
    message: /1 divisors/,
  });
  const weights = new Map(model.weights);
  weights.delete("encoder.layer.1.output.dense.weight");
  assert.throws(() => compileEncoder({ ...model, weights }, scales), { code: "not_found" });
});

Deno.test("encoder: scales for another GELU are refused", async () => {
  const model = checkpoint();
  for (const [made, used] of [[8, 12], [12, 8]] as const) {
    const scales = await calibrateEncoder(model, texts(1, 2), { geluBits: made });
    assert.throws(
      () => compileEncoder(model, scales, { geluBits: used }),
      { code: "invalid_argument" },
    );
  }
});
