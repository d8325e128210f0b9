/**
 * MobileQuant by the graph: the oracle's integer Llama of stories260K from its scales, every constant, node
 * by node, in chunks, greedily, rewound, forked, restored, in batches, in a ring, far away.
 */
import assert from "node:assert/strict";
import type { SyncEngineName } from "../../src/engines/load.ts";
import type { Node, Value } from "../../src/graph/graph.ts";
import type { IntegerNetwork } from "../../src/quantize/integer_network.ts";
import { fileOf, IntegerLlama, integerLlama, lossOf } from "./_integer_llama.ts";
import { storiesGolden, storiesGrids } from "./_llama_grids.ts";
import type { Golden, GoldenBits } from "./_llama_grids.ts";
import { absent, readJson, sha256, sha256Int32, SHARED } from "./_shared.ts";

const MODEL = `${SHARED}/data/stories260K/stories260K.bin`;
const WINDOWS = "golden/llama2c/windows.json";
const ignore = absent(MODEL, `${SHARED}/golden/llama-int`, `${SHARED}/${WINDOWS}`);
const KINDS: readonly GoldenBits[] = ["w8a8", "w4a8", "w4a8g64"];
const ENGINES: readonly SyncEngineName[] = ["wasm-simd", "wasm-relaxed"];
const ALL: readonly SyncEngineName[] = ["reference", ...ENGINES];

async function networkOf(bits: GoldenBits, window?: number): Promise<[Golden, IntegerNetwork]> {
  const golden = storiesGolden(bits);
  const options = { bits, ...window !== undefined && { window } };
  return [golden, await integerLlama(MODEL, storiesGrids(golden), options)];
}

/** The elements of a constant that a node reads. */
function elements({ graph }: IntegerNetwork, value: Value | undefined): number[] {
  return Array.from(graph.constants.get(value!.id)!.tensor(new Map()).data as Int32Array);
}

/** Name of a linear layer in the graph, by that of the golden. */
const LAYERS: Readonly<Record<string, string>> = {
  q: "self_attn.q_proj",
  k: "self_attn.k_proj",
  v: "self_attn.v_proj",
  o: "self_attn.o_proj",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

for (const bits of KINDS) {
  Deno.test({ name: `MobileQuant ${bits}: every constant`, ignore }, async () => {
    const [{ constants }, network] = await networkOf(bits);
    const nodes = new Map(network.graph.nodes.map((node) => [node.name, node]));
    const of = (node: Node, input: string): number[] => elements(network, node.inputs[input]);
    const pair = (node: Node, m: string): unknown => ({ m: of(node, m), e: of(node, "shift")[0] });
    const at = (name: string): Node => nodes.get(name)!;

    const embedding = at("embed_tokens");
    assert.deepEqual(pair(embedding, "multiplier"), constants.embedding);
    assert.deepEqual(of(embedding, "limit"), [constants.residual.R]);
    assert.equal(hash(of(embedding, "table")), constants.weights.embedding.codes_i8_sha256);
    assert.deepEqual(pair(at("norm"), "gain"), constants.norm);
    assert.deepEqual(of(at("norm"), "epsilon"), [constants.residual.E]);
    assert.deepEqual(pair(at("lm_head"), "multiplier"), constants.head);
    const angles = network.graph.nodes.find(({ op }) => op === "RotaryAnglesInteger")!;
    assert.deepEqual(of(angles, "frequency"), constants.rope_increments);
    constants.layers.forEach((layer: Golden, l: number) => {
      const own = (name: string): Node => at(`layers.${l}.${name}`);
      for (const [name, module] of Object.entries(LAYERS)) {
        const node = own(module);
        const given = constants.weights[`layers.${l}.${name}`];
        assert.deepEqual(pair(node, "multiplier"), layer[`${name}_requantize`], name);
        assert.equal(hash(of(node, "weight")), given.codes_i8_sha256, name);
        if (bits === "w8a8") continue;
        assert.equal(hash(of(node, "zero")), given.zero_u8_sha256, name);
        if (bits === "w4a8g64") assert.equal(hash(of(node, "factor")), given.factor_u8_sha256);
      }
      for (const name of ["norm1", "norm2"]) {
        assert.deepEqual(pair(own(name), "gain"), layer[name]);
        assert.deepEqual(of(own(name), "zeroPoint"), [layer[`${name}_zero`]]);
      }
      const attention = own("context");
      assert.deepEqual(of(attention, "rate"), layer.softmax_m);
      assert.deepEqual(pair(attention, "multiplier"), layer.context_requantize);
      assert.deepEqual(of(attention, "valueZero"), layer.v_zero);
      assert.deepEqual(of(attention, "zeroPoint"), [layer.context_zero]);
      const swiglu = own("down");
      assert.equal(sha256(Int16Array.from(of(swiglu, "table"))), layer.silu_i16_sha256);
      assert.deepEqual(of(swiglu, "shift"), [layer.product_shift]);
      assert.deepEqual(of(own(LAYERS.gate), "zeroPoint"), [layer.gate_zero]);
    });
  });

  for (const engine of ALL) {
    Deno.test({ name: `MobileQuant ${bits}: every node, on ${engine}`, ignore }, async () => {
      const [golden, network] = await networkOf(bits);
      const { ids, past, node_sha256_le_i32: hashes } = golden.prompt;
      using run = await IntegerLlama.of(await fileOf(network, true), engine);
      const outputs = run.instance.runSync({
        ids: Int32Array.from(ids),
        offsets: Int32Array.of(0, ids.length),
        slot: Int32Array.of(0),
        past: Int32Array.of(past),
        rows: Int32Array.from(ids.keys()),
      });
      const seen = new Set<string>();
      for (const [name, { data }] of Object.entries(outputs)) {
        const node = nodeName(name);
        assert.equal(sha256Int32(data as Int32Array), hashes[node], node);
        seen.add(node);
      }
      // Probabilities are not written out.
      const missing = Object.keys(hashes).filter((name) => !seen.has(name));
      assert.ok(missing.every((name) => name.endsWith(".softmax")), `${missing}`);
    });
  }

  for (const engine of ENGINES) {
    Deno.test(
      { name: `MobileQuant ${bits}: chunks, text, rewinding, on ${engine}`, ignore },
      async () => {
        const [golden, network] = await networkOf(bits);
        const { prompt, greedy, rewind, constants } = golden;
        using run = await IntegerLlama.of(await fileOf(network), engine);
        for (const size of [1, 7, 16, 64]) {
          const logits = run.chunked(prompt.ids, size, prompt.past);
          assert.equal(sha256Int32(logits), prompt.node_sha256_le_i32.logits, `chunks of ${size}`);
        }
        assert.equal(sha256Int32(run.run([rewind.ids], [0], [33])), rewind.logits_sha256);
        const behind = run.instance.runSync({}, { entry: "prefix" })["prefix.logits"];
        assert.deepEqual(Array.from(behind.data as Int32Array), constants.prefix.logits_q12);
        const { ids, all } = run.greedy(constants.prefix.logits_q12, 200, prompt.past);
        assert.deepEqual(ids, greedy.ids);
        assert.equal(sha256Int32(all), greedy.logits_sha256);
      },
    );

    Deno.test({ name: `MobileQuant ${bits}: sessions, on ${engine}`, ignore }, async () => {
      const [golden, network] = await networkOf(bits);
      const { prompt, fork, batch } = golden;
      using run = await IntegerLlama.of(await fileOf(network), engine, {
        sessions: 5,
        max_sequences: 5,
      });
      const { instance } = run;
      run.run([prompt.ids.slice(0, fork.after)], [0], [1]);
      const saved = instance.saveStateSync(0);
      // 41 rows of 5 layers, keys and values, and less than 300 bytes beside.
      const rows = (fork.after + 1) * 5 * 2 * 32;
      assert.ok(saved.length >= rows && saved.length < rows + 300, `${saved.length}`);
      instance.restoreState(saved, 2);
      const both = run.run(fork.continuations, [0, 2], [1 + fork.after, 1 + fork.after]);
      assert.equal(sha256Int32(both), fork.logits_sha256);

      const { ids } = readJson(WINDOWS);
      const texts: number[][] = batch.slots.map((_: number, s: number) => ids[70 + s].slice(1));
      const { seen_before: starts, lengths, slots } = batch;
      texts.forEach((text, s) => {
        if (starts[s] > 0) run.run([text.slice(0, starts[s])], [slots[s]], [1]);
      });
      const parts = texts.map((text, s) => text.slice(starts[s], starts[s] + lengths[s]));
      const first = run.run(parts, slots, starts.map((a: number) => 1 + a));
      assert.equal(sha256Int32(first), batch.logits_sha256);
      const ends = texts.map((_, s) => starts[s] + lengths[s]);
      const next = texts.map((text, s) => [text[ends[s]]]);
      const second = run.run(next, slots, ends.map((end) => 1 + end));
      assert.equal(sha256Int32(second), batch.then_one_token_each_sha256);
    });

    Deno.test({ name: `MobileQuant ${bits}: a ring, on ${engine}`, ignore }, async () => {
      const { window } = storiesGolden(bits).ring;
      const [{ ring, far }, network] = await networkOf(bits, window);
      const file = await fileOf(network);
      for (const [chunk, rows] of [...ring.equal_with_chunk_and_rows, [16, ring.ring_rows]]) {
        // A program has a row for each token of the window and of the largest run, less one.
        using run = await IntegerLlama.of(file, engine, { max_tokens: rows - window + 1 });
        const logits = run.chunked(ring.ids, chunk, 1);
        assert.equal(sha256Int32(logits), ring.logits_sha256, `chunks of ${chunk}`);
        if (rows !== ring.ring_rows) continue;
        const behind = logits.slice(-run.pieces);
        const { ids, all } = run.greedy(behind, 40, 1 + ring.ids.length);
        assert.deepEqual(ids, ring.then_greedy_ids);
        assert.equal(sha256Int32(all), ring.then_greedy_logits_sha256);
      }
      const [, narrow] = await networkOf(bits, 1);
      using run = await IntegerLlama.of(await fileOf(narrow), engine, { max_tokens: 64 });
      assert.equal(sha256Int32(run.run([far.ids], [0], [10 ** 6])), far.logits_sha256);
    });
  }

  Deno.test({ name: `MobileQuant ${bits}: likelihood of 64 windows`, ignore }, async () => {
    const [{ likelihood }, network] = await networkOf(bits);
    const { ids, nll_sum_float64: float }: Record<string, number[][]> = readJson(WINDOWS);
    using run = await IntegerLlama.of(await fileOf(network), "wasm-relaxed");
    const behind = run.instance.runSync({}, { entry: "prefix" })["prefix.logits"];
    let [sum, base] = [0, 0];
    ids.slice(64).forEach((window, w) => {
      const logits = run.run([window.slice(1, -1)], [0], [1]);
      const loss = window.slice(2).reduce(
        (total, id, i) => total + lossOf(logits.subarray(i * run.pieces, (i + 1) * run.pieces), id),
        lossOf(behind.data as Int32Array, window[1]),
      );
      assert.ok(Math.abs(loss - likelihood.nll_sum[w]) < 1e-6, `window ${w}: ${loss}`);
      sum += loss;
      base += Number(float[64 + w]);
    });
    const excess = 100 * Math.expm1((sum - base) / (64 * 255));
    console.log(`stories260K ${bits}: excess ${excess.toFixed(3)} %`);
    assert.ok(Math.abs(excess - likelihood.excess_over_float_percent) < 1e-4);
  });
}

/** SHA-256 of bytes. */
function hash(codes: readonly number[]): string {
  return sha256(Uint8Array.from(codes));
}

/** Name in the golden of a value of the graph. */
function nodeName(name: string): string {
  if (name === "embed_tokens") return "embedding";
  return name.replace(/^(layers\.\d+)\.residual$/, "$1.residual1")
    .replace(/^(layers\.\d+)$/, "$1.residual2");
}
