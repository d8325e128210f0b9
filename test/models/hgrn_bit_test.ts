/** MatMul-free models of random sizes beside float64, and the ways to run them beside each other. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { buildHgrnBit } from "../../src/models/hgrn_bit.ts";
import { hgrnBitConfig } from "../../src/models/hgrn_bit_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { stripLeftPadding } from "../../src/pipelines/text/left_padding.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { quantizeTernary } from "../../src/quantize/ternary_network.ts";
import type { Tensor } from "../../src/tensor.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { buildSeeded } from "../golden/seeded.ts";
import {
  compileHgrn,
  configOf,
  inputsOf,
  layoutConv,
  layoutHgrn,
  rowsOf,
  runBatch,
} from "./_hgrn.ts";
import type { Batch } from "./_hgrn.ts";
import { float64Logits } from "./_hgrn_float64.ts";

/** A network, named by its sizes. */
interface Network {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly weights: Map<string, Tensor>;
  readonly depth: number;
  readonly lowerBound: boolean;
  readonly conv: "shared" | "separate" | undefined;
}

const VOCABULARY = 97;

function network(
  width: number,
  depth: number,
  hidden: number,
  lowerBound: boolean,
  conv?: "shared" | "separate",
): Network {
  const sizes = { vocabulary: VOCABULARY, width, depth, hidden };
  const layout = [...layoutHgrn(sizes), ...conv ? layoutConv(sizes, conv) : []];
  return {
    name: `d ${width}, L ${depth}, I ${hidden}${lowerBound ? ", bounds" : ""}${
      conv ? `, ${conv} convolutions` : ""
    }`,
    config: {
      ...configOf(sizes),
      use_lower_bound: lowerBound,
      ...conv && { use_short_conv: true, share_conv_kernel: conv === "shared" },
    },
    weights: buildSeeded(layout, width + depth + hidden),
    depth,
    lowerBound,
    conv,
  };
}

const NETWORKS: readonly Network[] = [
  network(64, 1, 256, true),
  network(64, 2, 160, false),
  network(64, 3, 72, true),
  network(128, 2, 100, true),
  network(128, 3, 256, false),
  network(64, 2, 128, true, "shared"),
  network(64, 3, 64, true, "separate"),
];

/** Ids that any program can rebuild. */
function idsOf(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => (Math.imul(i + 7, 2654435761) >>> 8 ^ seed) % VOCABULARY);
}

/** Sequences of 1, 9 and 4 tokens. */
const SEQUENCES = [idsOf(1, 3), idsOf(9, 5), idsOf(4, 11)];
const SYMBOLS = { max_tokens: 32, max_rows: 32, max_sequences: 4, sessions: 5 };

/** The logits and, layer by layer in the order of the model, the codes of its ternary layers. */
function runWithCodes(
  instance: SyncInstance,
  batch: Batch,
): { logits: Float32Array[]; codes: Int8Array[] } {
  const { instructions, views } = instance.program;
  const execution = instance.begin(inputsOf(batch));
  const codes: Int8Array[] = [];
  for (const { opcode, operands } of instructions) {
    execution.advance(1);
    const spec = instructionOf(opcode)!;
    if (spec.name !== "rms_norm_quantize_i8") continue;
    const q = spec.operands.findIndex(({ name }) => name === "q");
    const { shape, data } = instance.peekSync(views[operands[q]].tensor);
    const [layers, rows, columns] = shape;
    for (let g = 0; g < layers; g++) {
      codes.push((data as Int8Array).slice(g * rows * columns, (g + 1) * rows * columns));
    }
  }
  return { logits: rowsOf(execution.outputs().logits), codes };
}

for (const { name, config, weights, ...facts } of NETWORKS) {
  Deno.test(`hgrn: ${name}: float64, the same bits on every engine`, async () => {
    const file = await compileHgrn(weights, config);
    let defined: Float32Array[] | undefined;
    for (const engine of ENGINES) {
      using instance = await engine.load(file, { symbols: SYMBOLS });
      const { logits, codes } = runWithCodes(instance, { sequences: SEQUENCES });
      if (defined !== undefined) assert.deepEqual(logits, defined, engine.name);
      defined ??= logits;
      if (engine.name !== "reference") continue;
      const exact = float64Logits({ weights, ...facts, sequences: SEQUENCES, codes });
      logits.forEach((row, t) =>
        row.forEach((logit, i) => {
          const gap = Math.abs(logit - exact[t][i]);
          assert.ok(gap <= 1e-5 * Math.max(1, Math.abs(exact[t][i])), `${logit} ${exact[t][i]}`);
        })
      );
    }
  });

  Deno.test(`hgrn: ${name}: prompts, steps and batches give the same bits`, async () => {
    const file = await compileHgrn(weights, config);
    for (const engine of ENGINES) {
      using instance = await engine.load(file, { symbols: SYMBOLS });
      const together = rowsOf(runBatch(instance, { sequences: SEQUENCES }).logits);
      const states = instance.saveStateSync();
      instance.reset();
      const rows: Float32Array[] = [];
      SEQUENCES.forEach((ids, slot) => {
        // A prompt of two tokens, then one after another.
        for (let past = 0; past < ids.length;) {
          const next = ids.slice(past, past === 0 ? 2 : past + 1);
          const batch = { sequences: [next], slots: [slot], past: [past] };
          rows.push(...rowsOf(runBatch(instance, batch).logits));
          past += next.length;
        }
      });
      assert.deepEqual(rows, together, `${engine.name}: steps`);
      assert.deepEqual(instance.saveStateSync(), states, `${engine.name}: states`);

      // A session that goes on beside one that begins, and logits of some tokens in another order.
      const [a, b, c] = SEQUENCES;
      runBatch(instance, { sequences: [b.slice(0, 5)], slots: [4], rows: [0] });
      const mixed = runBatch(instance, {
        sequences: [b.slice(5), c, a],
        slots: [4, 2, 0],
        past: [5, 0, 0],
        rows: [8, 3, 0],
      });
      assert.deepEqual(rowsOf(mixed.logits), [together[0], together[9], together[6]]);

      // What is restored goes on; what is reset does not remember.
      instance.restoreState(states);
      const step = { sequences: [[1]], slots: [1], past: [9] };
      const next = runBatch(instance, step).logits;
      instance.restoreState(states);
      instance.reset(0);
      assert.deepEqual(runBatch(instance, step).logits, next);
      instance.reset(1);
      const forgotten = runBatch(instance, step).logits;
      const fresh = runBatch(instance, { sequences: [[1]], slots: [3] }).logits;
      assert.deepEqual(forgotten, fresh);
      assert.notDeepEqual(forgotten, next);
    }
  });

  Deno.test(`hgrn: ${name}: a batch padded on the left is its sequences`, () => {
    const padded = SEQUENCES.map((ids) => [...new Array(9 - ids.length).fill(2), ...ids]);
    const mask = SEQUENCES.map((ids) =>
      Array.from({ length: 9 }, (_, t) => +(t >= 9 - ids.length))
    );
    const sequences = stripLeftPadding(padded, mask).map((ids) => [...ids]);
    assert.deepEqual(sequences, SEQUENCES);
    const alone = float64Logits({ weights, ...facts, sequences });
    const batch = float64Logits({ weights, ...facts, sequences: padded, mask: mask.flat() });
    assert.deepEqual(batch.filter((_, t) => mask.flat()[t] === 1), alone);
  });
}

Deno.test("hgrn: every node on its own, unfused, gives the same bits", async () => {
  for (const { name, config, weights } of NETWORKS) {
    const graph = await quantizeTernary(
      buildHgrnBit(hgrnBitConfig(config), lazyWeights(weights)),
    );
    const norm = graph.nodes.find(({ op }) => op === "RMSNormalization")!;
    const values = new Map([["norm", norm.outputs.y]]);
    const file = await encodeProgram(compile(graph, { taps: { entry: "main", values } }));
    for (const engine of ENGINES.slice(0, 2)) {
      using fused = await engine.load(await compileHgrn(weights, config), { symbols: SYMBOLS });
      using unfused = await engine.load(file, { symbols: SYMBOLS });
      assert.ok(unfused.program.instructions.length > fused.program.instructions.length);
      const { logits } = runBatch(unfused, { sequences: SEQUENCES });
      assert.deepEqual(logits, runBatch(fused, { sequences: SEQUENCES }).logits, name);
    }
  }
});

Deno.test("hgrn: a step after 16-bit latents and embeddings is that after the same ones in float32", async () => {
  const [{ config, weights }] = NETWORKS;
  const cut = (data: Float32Array): Uint16Array<ArrayBuffer> =>
    Uint16Array.from(new Uint32Array(data.slice().buffer), (bits) => bits >>> 16);
  const short = new Map<string, Tensor>();
  const wide = new Map<string, Tensor>();
  for (const [name, { shape, data }] of weights) {
    const bits = cut(data as Float32Array);
    short.set(name, { dtype: "bf16", shape, data: bits });
    const widened = new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
    wide.set(name, { dtype: "f32", shape, data: widened });
  }
  const [a, b] = [await compileHgrn(short, config), await compileHgrn(wide, config)];
  assert.ok(a.length < b.length);
  for (const engine of ENGINES) {
    using first = await engine.load(a, { symbols: SYMBOLS });
    using second = await engine.load(b, { symbols: SYMBOLS });
    const { logits } = runBatch(first, { sequences: SEQUENCES });
    assert.deepEqual(logits, runBatch(second, { sequences: SEQUENCES }).logits);
  }
});

Deno.test("hgrn: other names before the tensors, a tied head and a config without an MLP size", async () => {
  const { config, weights } = network(64, 1, 256, true);
  const expected = await compileHgrn(weights, config);
  const renamed = (to: (name: string) => string): Map<string, Tensor> =>
    new Map([...weights].map(([name, tensor]) => [to(name), tensor]));
  for (
    const to of [
      (name: string) => name.replace(/^model\./, ""),
      (name: string) => `module.${name}`,
      (name: string) => `_orig_mod.${name}`,
    ]
  ) assert.deepEqual(await compileHgrn(renamed(to), config), expected);
  // 64 channels: trunc(64·4·2/3) = 170, up to 256.
  const { intermediate_size: _, ...without } = config;
  assert.deepEqual(await compileHgrn(weights, without), expected);
  assert.deepEqual(await compileHgrn(weights, { ...config, num_heads: 4 }), expected);

  const untied = new Map(weights).set(
    "lm_head.weight",
    weights.get("model.embeddings.weight")!,
  );
  const tied = new Map(weights);
  tied.delete("lm_head.weight");
  const program = await compileHgrn(tied, { ...config, tie_word_embeddings: true });
  assert.deepEqual(program, await compileHgrn(untied, config));
});

Deno.test("hgrn: a bad index, session or bound is an error and changes no state", async () => {
  const [{ config, weights }] = NETWORKS;
  const file = await compileHgrn(weights, config);
  for (const engine of ENGINES) {
    using instance = await engine.load(file, { symbols: SYMBOLS });
    runBatch(instance, { sequences: [[1, 2]] });
    const before = instance.saveStateSync();
    const good = inputsOf({ sequences: [[1, 2], [3]] });
    for (
      const [input, values] of [
        ["ids", [1, VOCABULARY, 3]],
        ["ids", [1, -1, 3]],
        ["rows", [0, 3, 1]],
        ["slot", [2, 2]],
        ["slot", [0, SYMBOLS.sessions]],
        ["offsets", [0, 4, 3]],
        ["offsets", [0, 1, 2]],
        ["past", [0, -1]],
        ["past", [0, 2 ** 30]],
      ] as const
    ) {
      const inputs = { ...good, [input]: Int32Array.from(values) };
      assert.throws(() => instance.runSync(inputs), { name: /Error/ }, `${input} ${values}`);
      assert.deepEqual(instance.saveStateSync(), before);
    }
  }
});
