/** Llamas of random sizes beside float64, and the ways to run them beside each other. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { inputsOf, rowsOf, runBatch } from "./_hgrn.ts";
import type { Batch } from "./_hgrn.ts";
import { compileLlama, configOf, float64Logits, weightsOf } from "./_llama.ts";
import type { Sizes } from "./_llama.ts";

const BASE = { vocabulary: 61, depth: 2, hidden: 40, tied: false } as const;

const NETWORKS: readonly Sizes[] = [
  { ...BASE, heads: 2, kvHeads: 2, headSize: 8 },
  { ...BASE, heads: 6, kvHeads: 2, headSize: 6, tied: true },
  { ...BASE, heads: 4, kvHeads: 1, headSize: 16, interleaved: true, theta: 100_000 },
  { ...BASE, heads: 3, kvHeads: 3, headSize: 10, width: 20, tied: true, depth: 1 },
];

const SYMBOLS = { max_tokens: 32, max_sequences: 4, max_rows: 32, sessions: 4, context: 40 };

const nameOf = ({ heads, kvHeads, headSize, tied, interleaved }: Sizes): string =>
  `${heads} heads on ${kvHeads} of ${headSize}${tied ? ", tied" : ""}${
    interleaved ? ", interleaved" : ""
  }`;

/** Ids that any program can rebuild. */
function idsOf(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => (Math.imul(i + 7, 2654435761) >>> 8 ^ seed) % 61);
}

const SEQUENCES = [idsOf(1, 3), idsOf(9, 5), idsOf(4, 11)];

function logitsOf(instance: SyncInstance, batch: Batch): Float32Array[] {
  return rowsOf(runBatch(instance, batch).logits);
}

/** The logits of a text that is read in chunks of a size. */
function inChunks(instance: SyncInstance, ids: readonly number[], size: number, slot = 0) {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, i) =>
    logitsOf(instance, {
      sequences: [ids.slice(i * size, (i + 1) * size)],
      slots: [slot],
      past: [i * size],
    })).flat();
}

for (const sizes of NETWORKS) {
  const weights = weightsOf(sizes);
  const file = await compileLlama(weights, configOf(sizes));

  Deno.test(`llama ${nameOf(sizes)}: float64's logits, the same bits on all engines`, async () => {
    const results: Float32Array[][] = [];
    for (const { load } of ENGINES) {
      using instance = await load(file, { symbols: SYMBOLS });
      results.push(logitsOf(instance, { sequences: SEQUENCES, slots: [2, 0, 3] }));
    }
    for (const result of results.slice(1)) assert.deepEqual(result, results[0]);
    const expected = SEQUENCES.flatMap((ids) => float64Logits(sizes, weights, ids));
    const most = Math.max(...expected.flat().map(Math.abs));
    results[0].forEach((row, t) =>
      row.forEach((logit, i) => assert.ok(Math.abs(logit - expected[t][i]) < 2e-5 * most, `${t}`))
    );
  });

  Deno.test(`llama ${nameOf(sizes)}: whatever way tokens come in, the bits are the same`, async () => {
    const ids = idsOf(23, 17);
    for (const { load } of ENGINES) {
      using instance = await load(file, { symbols: SYMBOLS });
      const whole = inChunks(instance, ids, ids.length);
      for (const size of [1, 2, 7, 16]) {
        assert.deepEqual(inChunks(instance, ids, size, size % 4), whole, `chunks of ${size}`);
      }
      // In one run: the next token of one session, the rest of another.
      const mixed = logitsOf(instance, {
        sequences: [ids.slice(22), ids.slice(16)],
        slots: [1, 3],
        past: [22, 16],
      });
      assert.deepEqual(mixed, [whole[22], ...whole.slice(16)]);
      // Taken back to 9 tokens, another way on.
      const other = [...ids.slice(0, 9), ...idsOf(6, 99)];
      const rewound = logitsOf(instance, { sequences: [other.slice(9)], slots: [3], past: [9] });
      assert.deepEqual(rewound, inChunks(instance, other, other.length, 2).slice(9));
      // The copy goes its own way.
      using fork = instance.fork();
      const next = { sequences: [[5]], slots: [3], past: [15] };
      logitsOf(instance, { ...next, sequences: [[6]] });
      assert.deepEqual(logitsOf(fork, next), logitsOf(instance, next));
    }
  });
}

Deno.test("llama: half-split rotation is the interleaved one of permuted rows", async () => {
  const [sizes] = NETWORKS;
  const weights = weightsOf(sizes);
  const permuted = new Map(weights);
  for (const [name, tensor] of weights) {
    if (!/[qk]_proj/.test(name)) continue;
    const { shape: [rows, columns], data } = tensor;
    const half = sizes.headSize / 2;
    const order = Array.from({ length: rows }, (_, row) => {
      const place = row % sizes.headSize;
      return row - place + (place % 2) * half + Math.floor(place / 2);
    });
    const turned = order.flatMap((row) => [
      ...(data as Float32Array).subarray(row * columns, (row + 1) * columns),
    ]);
    permuted.set(name, { ...tensor, dtype: "f32", data: Float32Array.from(turned) });
  }
  const interleaved = await compileLlama(permuted, configOf({ ...sizes, interleaved: true }));
  assert.deepEqual(interleaved, await compileLlama(weights, configOf(sizes)));
});

Deno.test("llama: weights of 16 bits are widened exactly, and an embedding alone stays so", async () => {
  const sizes = { ...NETWORKS[0], tied: false };
  const [, { load }] = ENGINES;
  const wide = new Map<string, Tensor>();
  const narrow = new Map<string, Tensor>();
  for (const [name, tensor] of weightsOf(sizes)) {
    const bits = new Uint32Array((tensor.data as Float32Array).slice().buffer).map((word) =>
      word & 0xffff0000
    );
    wide.set(name, { ...tensor, dtype: "f32", data: new Float32Array(bits.buffer) });
    const halves = Uint16Array.from(bits, (word) => word >>> 16);
    narrow.set(name, { ...tensor, dtype: "bf16", data: halves });
  }
  const batch = { sequences: [idsOf(6, 1)] };
  const results = [];
  for (const weights of [wide, narrow]) {
    using instance = await load(await compileLlama(weights, configOf(sizes)), { symbols: SYMBOLS });
    results.push(logitsOf(instance, batch));
    const { tensors } = instance.program;
    const kinds = tensors.filter(({ region, dtype }) => region === "constant" && dtype === "bf16");
    assert.equal(kinds.length, weights === narrow ? 1 : 0);
  }
  assert.deepEqual(results[1], results[0]);
});

Deno.test("llama: unfused with taps it computes the same, and a tied table is stored once", async () => {
  const [, sizes] = NETWORKS;
  const weights = weightsOf(sizes);
  const graph = buildLlama(llamaConfig(configOf(sizes)), lazyWeights(weights));
  const [, { load }] = ENGINES;
  const batch = { sequences: [idsOf(5, 1)] };
  using fused = await load(await encodeProgram(compile(graph)), { symbols: SYMBOLS });
  const names = (instance: SyncInstance): string[] =>
    instance.program.instructions.map(({ opcode }) => instructionOf(opcode)!.name);
  const layer = [
    "rms_norm_f32",
    ...["linear_f32", "rotary_f32", "linear_f32", "rotary_f32", "linear_f32"],
    ...["append_rows", "append_rows", "attention_cached_f32", "linear_f32"],
    ...["rms_norm_f32", "linear_f32", "linear_f32", "swiglu_f32", "linear_f32"],
  ];
  assert.deepEqual(
    names(fused).toSorted(),
    [
      ...["embedding_f32", "rotary_angles_f32", ...layer, ...layer],
      ...["gather_rows", "rms_norm_f32", "linear_f32"],
    ].toSorted(),
  );
  const { tensors } = fused.program;
  const table = tensors.filter(({ region, extents }) =>
    region === "constant" && extents.length === 2 &&
    fused.program.expressions[extents[0]].constant === sizes.vocabulary
  );
  assert.deepEqual(table.map(({ layout }) => layout), ["panel_8"]);
  const values = new Map(
    graph.nodes.flatMap(({ outputs }) => Object.values(outputs))
      .filter(({ name }) => name !== "").map((value) => [value.name, value]),
  );
  const taps = compile(graph, { taps: { entry: "main", values } });
  using unfused = await load(await encodeProgram(taps), { symbols: SYMBOLS });
  assert.ok(names(unfused).includes("add_f32"));
  assert.deepEqual(logitsOf(unfused, batch), logitsOf(fused, batch));
});

Deno.test("llama: what does not fit the context or the sessions is refused before anything is written", async () => {
  const [sizes] = NETWORKS;
  const file = await compileLlama(weightsOf(sizes), configOf(sizes));
  for (const { load } of ENGINES) {
    using instance = await load(file, { symbols: { ...SYMBOLS, context: 12 } });
    const good = { sequences: [idsOf(12, 1)] };
    const logits = logitsOf(instance, good);
    const bad: Batch[] = [
      { sequences: [idsOf(13, 1)] },
      { sequences: [[1]], past: [12] },
      { sequences: [[1]], past: [-1] },
      { sequences: [[1], [2]], slots: [1, 1] },
      { sequences: [[61]] },
    ];
    for (const batch of bad) {
      assert.throws(() => instance.runSync(inputsOf(batch)), /fails|values of the inputs/);
    }
    assert.deepEqual(
      logitsOf(instance, { sequences: [good.sequences[0].slice(11)], past: [11] }),
      logits.slice(11),
    );
    await assert.rejects(load(file, { symbols: { context: 65 } }), /context/);
  }
});
