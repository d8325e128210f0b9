/** Blocks of a Llama on their own beside the whole network. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import { compile } from "../../src/lower/compile.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { momentsOfLlama } from "../../src/quantize/decoder_moments.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 3,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 30,
  width: 20,
  tied: true,
  context: 48,
} as const;
const PREFIX = [1, 5];
const WINDOWS = [[4, 8, 15, 16, 23, 42], [3, 1, 4, 1, 5, 9, 2, 6, 5], [7, 7]];
const NAMES = {
  norm1: "input_layernorm",
  context: "self_attn",
  norm2: "post_attention_layernorm",
  down: "mlp.swiglu",
};
const graphOf = (weights = weightsOf(SIZES, 5)) =>
  buildLlama(llamaConfig(configOf(SIZES)), lazyWeights(weights));
const loadSync = async (
  program: CompiledProgram,
  symbols: Readonly<Record<string, number>>,
): Promise<SyncInstance> => await load(program, { symbols });
const options = { prefix: PREFIX, windows: WINDOWS, load: loadSync };

Deno.test("moments of every block are those of the whole network, without the prefix", async () => {
  const graph = graphOf();
  const values = new Map(graph.nodes.map(({ outputs: { y } }) => [y.name, y]));
  const wanted = new Map(
    Array.from({ length: SIZES.depth }).flatMap((_, l) =>
      Object.entries(NAMES).map(([site, module]) =>
        [`layers.${l}.${site}`, values.get(`layers.${l}.${module}`)!] as const
      )
    ),
  );
  const expected: ReadonlyMap<string, Float64Array> = new Map(
    [...wanted].map(([site, { shape }]) => [site, new Float64Array((shape[1] as number) ** 2)]),
  );
  const whole = compile(graph, { taps: { entry: "main", values: wanted } });
  using instance = await loadSync(whole, { max_tokens: 16, max_rows: 16, context: 16 });
  for (const window of WINDOWS) {
    const ids = [...PREFIX, ...window];
    const outputs = instance.runSync({
      ids: Int32Array.from(ids),
      offsets: Int32Array.of(0, ids.length),
      slot: Int32Array.of(0),
      past: Int32Array.of(0),
      rows: Int32Array.from(ids.keys()),
    });
    for (const [site, sums] of expected) {
      const x = outputs[site].data as Float32Array;
      const columns = Math.sqrt(sums.length);
      for (let at = PREFIX.length * columns; at < x.length; at += columns) {
        for (let i = 0; i < columns; i++) {
          for (let j = 0; j <= i; j++) sums[i * columns + j] += x[at + i] * x[at + j];
        }
      }
    }
  }
  let layers = 0;
  for await (const { layer, moments } of momentsOfLlama(graph, options)) {
    assert.equal(layer, layers++);
    assert.deepEqual([...moments.keys()].sort(), [
      `layers.${layer}.context`,
      `layers.${layer}.down`,
      `layers.${layer}.norm1`,
      `layers.${layer}.norm2`,
    ]);
    for (const [site, sums] of moments) {
      const most = Math.max(...sums.map(Math.abs));
      sums.forEach((x, at) =>
        assert.ok(Math.abs(x - expected.get(site)![at]) < 1e-5 * most, `${site}[${at}]`)
      );
    }
  }
  assert.equal(layers, SIZES.depth);
});

Deno.test("blocks before the first one wanted are run through", async () => {
  const all = await Array.fromAsync(momentsOfLlama(graphOf(), options));
  const seen: string[] = [];
  const rest = await Array.fromAsync(momentsOfLlama(graphOf(), {
    ...options,
    first: 2,
    onProgress: (layer, windows) => seen.push(`${layer}.${windows}`),
  }));
  assert.deepEqual(rest, all.slice(2));
  assert.equal(seen.join(" "), "0.1 0.2 0.3 1.1 1.2 1.3 2.1 2.2 2.3");
});

Deno.test("no windows, values that are not finite, and a signal end it", async () => {
  const run = (changed: object, graph = graphOf()) =>
    Array.fromAsync(momentsOfLlama(graph, { ...options, ...changed }));
  for (const windows of [[], [[]]]) {
    await assert.rejects(run({ windows }), { code: "invalid_argument", message: /windows of ids/ });
  }
  const weights = weightsOf(SIZES, 5);
  for (const [name, { data }] of weights) {
    if (name.includes("layers.1.mlp.up_proj")) (data as Float32Array).fill(1e30);
    if (name.includes("layers.1.mlp.gate_proj")) (data as Float32Array).fill(1e30);
  }
  await assert.rejects(run({}, graphOf(weights)), {
    code: "invalid_argument",
    message: /"layers.1.down" is not finite/,
  });
  const controller = new AbortController();
  const onProgress = (): void => controller.abort(new Error("enough"));
  await assert.rejects(run({ signal: controller.signal, onProgress }), { message: "enough" });
});
