/** Llamas with ternary weights: the oracle's logits, all layouts, the cache, the program. */
import assert from "node:assert/strict";
import { compileTextModel } from "../../src/compile/text.ts";
import type { CompileTextOptions } from "../../src/compile/text.ts";
import { atOnce } from "../../src/event_loop.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { bitNetSteps } from "../../src/models/bitnet.ts";
import { bitNetConfig } from "../../src/models/bitnet_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ternarize } from "../../src/quantize/ternary.ts";
import type { Tensor } from "../../src/tensor.ts";
import { ENGINES } from "../conformance/_engines.ts";
import {
  bitNetConfigOf,
  bitNetMasters,
  isLayer,
  packedOf,
  quantizationOf,
  tritsOf,
} from "./_bitnet.ts";
import { rowsOf, runBatch } from "./_hgrn.ts";

const SIZES = { vocabulary: 48, width: 64, depth: 2, hidden: 96, heads: 4, kvHeads: 2 };
const ORACLE = JSON.parse(
  await Deno.readTextFile(new URL("../vectors/bitnet.json", import.meta.url)),
);
const MASTERS = bitNetMasters(SIZES, ORACLE.seed);
const CONFIG = bitNetConfigOf(SIZES);

async function fileOf(
  weights: ReadonlyMap<string, Tensor> = MASTERS,
  config = CONFIG,
  options: CompileTextOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return await encodeProgram(
    (await compileTextModel(lazyWeights(weights), { config }, options)).program,
  );
}

for (const engine of ENGINES) {
  for (const head of ["float32", "int8"] as const) {
    Deno.test(`bitnet: logits of bitnet_ref.py, head ${head} (${engine.name})`, async () => {
      const file = await fileOf(MASTERS, CONFIG, { head });
      using instance = await engine.load(file, { symbols: { max_rows: 6 } });
      const logits = rowsOf(runBatch(instance, { sequences: [ORACLE.ids] }).logits);
      logits.forEach((row, t) => {
        row.forEach((logit, i) => {
          const expected = ORACLE[head][t][i];
          assert.ok(Math.abs(logit - expected) <= 2e-5, `${t}, ${i}: ${logit}, not ${expected}`);
        });
      });
    });
  }
}

Deno.test("bitnet: scales of the oracle", () => {
  for (const [name, bits] of Object.entries(ORACLE.scale_bits)) {
    const { scales } = tritsOf(MASTERS.get(`${name}.weight`)!);
    assert.equal(new Uint32Array(scales.buffer)[0], bits, name);
  }
});

Deno.test("bitnet: masters, online or not, and packed weights are the same program", async () => {
  const expected = await fileOf();
  const online = { ...quantizationOf("multiply"), quantization_mode: "online" };
  const made = fileOf(MASTERS, { ...CONFIG, quantization_config: online });
  await assert.doesNotReject(made);
  assert.deepEqual(await made, expected);
  const multiplied = { ...CONFIG, quantization_config: quantizationOf("multiply") };
  assert.deepEqual(await fileOf(packedOf(MASTERS, "multiply"), multiplied), expected);
  // Scales of which the inverse of the inverse is the scale would hide a layer that multiplies.
  const divided = { ...CONFIG, quantization_config: quantizationOf("divide") };
  const packed = packedOf(MASTERS, "divide");
  const inverted = new Map([...packed].map(([name, tensor]): [string, Tensor] => {
    if (!name.endsWith("_scale")) return [name, tensor];
    const data = Float32Array.of(Math.fround(1 / (tensor.data[0] as number)));
    return [name, { dtype: "f32", shape: [1], data }];
  }));
  const file = await fileOf(packed, divided);
  assert.deepEqual(await fileOf(inverted, multiplied), file);
  assert.notDeepEqual(await fileOf(packed, multiplied), file);
});

Deno.test("bitnet: one token after another, in chunks, in a batch: the same bits", async () => {
  const file = await fileOf();
  const { ids } = ORACLE;
  for (const engine of ENGINES.slice(1)) {
    const symbols = { max_rows: 12, max_tokens: 16, sessions: 3, max_sequences: 2 };
    using instance = await engine.load(file, { symbols });
    const whole = rowsOf(runBatch(instance, { sequences: [ids] }).logits).map((row) => row.slice());
    for (const [t, id] of ids.entries()) {
      const [row] = rowsOf(
        runBatch(instance, { sequences: [[id]], slots: [1], past: [t] }).logits,
      );
      assert.deepEqual(row, whole[t]);
    }
    const batch = runBatch(instance, { sequences: [ids.slice(0, 4), ids], slots: [2, 0] });
    const rows = rowsOf(batch.logits);
    assert.deepEqual(rows.slice(0, 4), whole.slice(0, 4));
    assert.deepEqual(rows.slice(4), whole);
  }
});

/** Names of the instructions of a program. */
async function listing(head: "int8" | "float32"): Promise<string[]> {
  const { program } = await compileTextModel(lazyWeights(MASTERS), { config: CONFIG }, { head });
  return program.instructions.map(({ opcode }) => instructionOf(opcode)!.name);
}

Deno.test("bitnet: rows are quantised once for all layers that read them", async () => {
  const codes = ["rms_norm_f32", "quantize_rows_i8"];
  const turned = ["linear_ternary", "rotary_f32"];
  const layer = [
    ...codes,
    ...turned,
    ...turned,
    "linear_ternary",
    ...["append_rows", "append_rows", "attention_cached_f32"],
    ...[...codes, "linear_ternary"],
    ...[...codes, "linear_ternary", "linear_ternary", "relu_squared_glu_f32"],
    ...[...codes, "linear_ternary"],
  ];
  assert.deepEqual(await listing("int8"), [
    ...["embedding_scaled_f32", "rotary_angles_f32", ...layer, ...layer],
    ...["gather_rows", ...codes, "linear_i8", "dequantize_rows_f32"],
  ]);
  assert.deepEqual(await listing("float32"), [
    ...["embedding_f32", "rotary_angles_f32", ...layer, ...layer],
    ...["gather_rows", "rms_norm_f32", "linear_f32"],
  ]);
});

Deno.test("bitnet: an untied head has a table of its own", async () => {
  const table = MASTERS.get("model.embed_tokens.weight")!;
  const untied = { ...CONFIG, tie_word_embeddings: false };
  // As the tied model, if both are float32.
  const copied = new Map(MASTERS).set("lm_head.weight", table);
  const rowsOfFile = async (file: Uint8Array<ArrayBuffer>): Promise<Float32Array[]> => {
    using instance = await ENGINES[1].load(file, { symbols: { max_rows: 6 } });
    return rowsOf(runBatch(instance, { sequences: [ORACLE.ids] }).logits);
  };
  assert.deepEqual(
    await rowsOfFile(await fileOf(copied, untied, { head: "float32" })),
    await rowsOfFile(await fileOf(MASTERS, CONFIG, { head: "float32" })),
  );
  const data = new Uint16Array(table.data.length);
  const zeros: Tensor = { dtype: "bf16", shape: table.shape, data };
  const rows = await rowsOfFile(
    await fileOf(new Map(MASTERS).set("lm_head.weight", zeros), untied),
  );
  assert.ok(rows.every((row) => row.every((logit) => logit === 0)));
});

Deno.test("bitnet: a tensor that is read twice is told once", () => {
  const seen: string[] = [];
  const graph = atOnce(bitNetSteps(bitNetConfig(CONFIG), lazyWeights(MASTERS), {
    ternarize,
    onProgress: (done, total) => seen.push(`${done}/${total}`),
  }));
  for (const { value, tensor } of [...graph.constants.values(), ...graph.constants.values()]) {
    if (value.name.endsWith(".trits")) tensor(new Map());
  }
  assert.deepEqual(seen, Array.from({ length: 14 }, (_, i) => `${i + 1}/14`));
});

Deno.test("bitnet: an aborted conversion stops with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const layers = [...MASTERS.keys()].filter(isLayer).length;
  const seen: number[] = [];
  await assert.rejects(
    compileTextModel(lazyWeights(MASTERS), { config: CONFIG }, {
      signal: controller.signal,
      onProgress: (done, total) => {
        assert.equal(total, layers);
        seen.push(done);
        if (done === 3) controller.abort(reason);
      },
    }),
    reason,
  );
  assert.deepEqual(seen, [1, 2, 3]);
});
