/**
 * SmolLM2-135M-Instruct in integers, from the oracle's scales: constants, nodes of a prompt, greedy text, a
 * ring, a prefix of three, likelihood. `FEWBIT_WINDOWS=8` measures all windows of the goldens;
 * `FEWBIT_REFERENCE=1` computes the prompt on the reference engine, too, which takes hours.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import type { Node } from "../../src/graph/graph.ts";
import type { IntegerNetwork } from "../../src/quantize/integer_network.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { fileOf, IntegerLlama, integerLlama, lossOf } from "./_integer_llama.ts";
import { smollm2Grids } from "./_llama_grids.ts";
import type { Golden } from "./_llama_grids.ts";
import { absent, readJson, sha256Int32, SHARED } from "./_shared.ts";

const MODEL = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;
const ignore = absent(MODEL, `${SHARED}/golden/llama-int`);
const WINDOWS = Number(Deno.env.get("FEWBIT_WINDOWS") ?? 2);
const ENGINES: readonly SyncEngineName[] = [
  "wasm-relaxed",
  "wasm-simd",
  ...Deno.env.get("FEWBIT_REFERENCE") === undefined ? [] : ["reference" as const],
];
const LINEARS = ["q", "k", "v", "o", "gate", "up", "down"];
const MODULES: Readonly<Record<string, string>> = {
  q: "self_attn.q_proj",
  k: "self_attn.k_proj",
  v: "self_attn.v_proj",
  o: "self_attn.o_proj",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

const goldenOf = (bits: string): Golden => readJson(`golden/llama-int/smollm2-${bits}.json`);
/** The scales are in one file for both. */
const grids = (prefix?: "prefix_of_3") => smollm2Grids(goldenOf("w8a8"), prefix);

/** Hashes of families of constants, layers outermost, as the golden has them. */
function familyHashes(network: IntegerNetwork): Map<string, string> {
  const nodes = new Map(network.graph.nodes.map((node) => [node.name, node]));
  const families = new Map<string, ReturnType<typeof createHash>>();
  const add = (family: string, node: Node, input: string, as?: Int16ArrayConstructor): void => {
    const { data } = network.graph.constants.get(node.inputs[input]!.id)!.tensor(new Map());
    const elements = as === undefined ? data : as.from(data as Int32Array);
    let hash = families.get(family);
    if (hash === undefined) families.set(family, hash = createHash("sha256"));
    hash.update(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
  };
  for (let l = 0; l < 30; l++) {
    const own = (name: string): Node => nodes.get(`layers.${l}.${name}`)!;
    for (const name of LINEARS) add("weight_codes", own(MODULES[name]), "weight");
    for (const name of LINEARS) {
      if (own(MODULES[name]).inputs.zero === undefined) continue;
      add("weight_zeros", own(MODULES[name]), "zero");
      add("weight_factors", own(MODULES[name]), "factor");
    }
    for (const name of ["q", "k", "v", "context", "o", "gate", "up", "down"]) {
      add("requantize_m", own(MODULES[name] ?? "context"), "multiplier");
      add("requantize_e", own(MODULES[name] ?? "context"), "shift");
    }
    for (const name of ["norm1", "norm2"]) {
      add("norm_G", own(name), "gain");
      add("norm_g", own(name), "shift");
    }
    add("product_shift", own("down"), "shift");
    add("softmax_m", own("context"), "rate");
    add("silu", own("down"), "table", Int16Array);
  }
  add("norm_G", nodes.get("norm")!, "gain");
  add("norm_g", nodes.get("norm")!, "shift");
  add("embedding_m_e", nodes.get("embed_tokens")!, "multiplier");
  add("embedding_m_e", nodes.get("embed_tokens")!, "shift");
  add("head_m_e", nodes.get("lm_head")!, "multiplier");
  add("head_m_e", nodes.get("lm_head")!, "shift");
  add("embedding_codes", nodes.get("embed_tokens")!, "table");
  return new Map([...families].map(([family, hash]) => [family, hash.digest("hex")]));
}

for (const bits of ["w8a8", "w4a8g64"] as const) {
  Deno.test({ name: `SmolLM2 ${bits}: constants, nodes, text, likelihood`, ignore }, async () => {
    const golden = goldenOf(bits);
    const network = await integerLlama(MODEL, grids(), { bits });
    const { constants: { family_sha256: families, residual }, prompt } = golden;
    const embedding = network.graph.nodes.find(({ op }) => op === "ResidualEmbedding")!;
    const limit = network.graph.constants.get(embedding.inputs.limit!.id)!.tensor(new Map());
    assert.deepEqual([...limit.data], [residual.R]);
    const hashes = familyHashes(network);
    assert.equal(hashes.size, bits === "w8a8" ? 11 : 13);
    for (const [family, hash] of hashes) {
      assert.equal(hash, families[family].sha256, family);
    }

    const tapped = await fileOf(network, true);
    for (const engine of ENGINES) {
      using run = await IntegerLlama.of(tapped, engine, { max_tokens: 32, context: 64 });
      const outputs = run.instance.runSync({
        ids: Int32Array.from(prompt.ids),
        offsets: Int32Array.of(0, prompt.ids.length),
        slot: Int32Array.of(0),
        past: Int32Array.of(prompt.past),
        rows: Int32Array.from(prompt.ids.keys()),
      });
      let seen = 0;
      for (const [name, { data }] of Object.entries(outputs)) {
        const node = nodeName(name);
        assert.equal(sha256Int32(data as Int32Array), prompt.node_sha256_le_i32[node], node);
        seen++;
      }
      // All but the probabilities of 30 layers, which are not written out.
      assert.equal(seen, Object.keys(prompt.node_sha256_le_i32).length - 30, engine);
    }

    const file = await fileOf(network);
    for (const engine of ENGINES.slice(0, 2)) {
      using run = await IntegerLlama.of(file, engine, { max_tokens: 128, context: 1024 });
      checkGreedy(run, golden);
      // The slower build: one window.
      await checkLikelihood(run, golden, engine === "wasm-relaxed" ? WINDOWS : 1);
    }
  });

  Deno.test({ name: `SmolLM2 ${bits}: a ring, and a prefix of three`, ignore }, async () => {
    const { ring, prefix_of_3: three } = goldenOf(bits);
    const cases = [
      { run: ring, grids: grids(), window: ring.window },
      { run: three.ring, grids: grids("prefix_of_3"), window: three.ring.window },
      { run: three.plain, grids: grids("prefix_of_3") },
    ];
    for (const { run: expected, grids, window } of cases) {
      const options = { bits, ...window !== undefined && { window } };
      const file = await fileOf(await integerLlama(MODEL, grids, options));
      const rows = expected.rows ?? 64;
      using run = await IntegerLlama.of(
        file,
        "wasm-relaxed",
        window === undefined ? { max_tokens: 32, context: 128 } : { max_tokens: rows - window + 1 },
      );
      const { ids, past, next, chunk = 24 } = expected;
      const logits = run.chunked(ids, chunk, past).slice(-run.pieces);
      const { ids: own, all } = run.greedy(logits, next.length, past + ids.length);
      assert.deepEqual(own, next);
      assert.equal(sha256Int32(all), expected.logits_sha256);
    }
  });
}

function checkGreedy(run: IntegerLlama, { prompt, greedy }: Golden): void {
  const after = run.chunked(prompt.ids, 7, prompt.past).slice(-run.pieces);
  const steps = prompt.then_greedy_ids.length;
  const { ids, all } = run.greedy(after, steps, prompt.past + prompt.ids.length);
  assert.deepEqual(ids, prompt.then_greedy_ids);
  assert.equal(sha256Int32(all), prompt.then_greedy_logits_sha256);
  for (const { ids, past, next } of greedy) {
    const behind = run.run([ids], [0], [past], [ids.length - 1]);
    assert.deepEqual(run.greedy(behind, next.length, past + ids.length).ids, next);
  }
}

async function checkLikelihood(
  run: IntegerLlama,
  { likelihood }: Golden,
  windows: number,
): Promise<void> {
  const { evaluation, length } = readJson("golden/smollm2/smollm2.json").windows;
  const { tokenizer, tokenizerConfig } = await openTextCheckpoint(MODEL);
  const text = Deno.readTextFileSync(`${SHARED}/data/wikitext-2-raw/wiki.test.raw`);
  const wiki = [
    ...Tokenizer.fromJson(tokenizer, tokenizerConfig).encode(text, { addSpecialTokens: false }).ids,
  ];
  const start = performance.now();
  for (let w = 0; w < windows; w++) {
    const at = evaluation[likelihood.windows[w]];
    const ids = wiki.slice(at, at + length);
    const hash = createHash("sha256");
    let loss = 0;
    for (let i = 0; i < length - 1; i += 128) {
      const logits = run.run([ids.slice(i, Math.min(i + 128, length - 1))], [0], [1 + i]);
      hash.update(new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
      for (let row = 0; row < logits.length / run.pieces; row++) {
        const one = logits.subarray(row * run.pieces, (row + 1) * run.pieces);
        loss += lossOf(one, ids[i + row + 1]);
      }
    }
    assert.equal(hash.digest("hex"), likelihood.logits_sha256[w]);
    assert.ok(Math.abs(loss - likelihood.nll_sum[w]) < 1e-4, `window ${w}: ${loss}`);
  }
  const rate = windows * (length - 1) / (performance.now() - start) * 1000;
  console.log(`${windows} windows, ${rate.toFixed(0)} tokens/s`);
}

/** Name in the golden of a value of the graph. */
function nodeName(name: string): string {
  if (name === "embed_tokens") return "embedding";
  return name.replace(/^(layers\.\d+)\.residual$/, "$1.residual1")
    .replace(/^(layers\.\d+)$/, "$1.residual2");
}
