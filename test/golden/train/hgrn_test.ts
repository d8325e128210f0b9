/** Training of a MatMul-free language model against PyTorch in float64: loss, gradients, codes, ten steps of AdamW. */
import assert from "node:assert/strict";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { bitLinearFactors } from "../../../src/graph/expand_bit_linear.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { isNode } from "../../../src/graph/op_names.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { nodesOf } from "../../../src/graph/traversal.ts";
import { compile } from "../../../src/lower/compile.ts";
import { TrainedLayers } from "../../../src/models/trained_layers.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { ternarize } from "../../../src/quantize/ternary.ts";
import { crossEntropy } from "../../../src/training/losses/cross_entropy.ts";
import { hgrnBit } from "../../../src/training/networks/hgrn_bit.ts";
import { trainingGraph } from "../../../src/training/training_graph.ts";
import { absent, readJson, sha256, SHARED } from "../_shared.ts";
import { Stream } from "../seeded.ts";

const FOLDER = `${SHARED}/golden/train`;
const ignore = absent(FOLDER);

/** The network with the oracle's first parameters, and its two batches. */
function rebuilt() {
  const c = readJson("golden/train/hgrn.json");
  const stream = new Stream(c.seed);
  const parameters = new Map<string, Float32Array>();
  for (const [name, shape, bound, offset] of c.layout) {
    const count = shape.reduce((a: number, b: number) => a * b, 1);
    parameters.set(name, stream.take(count, bound, offset));
  }
  const tokens = c.offsets[c.offsets.length - 1];
  const batches = [0, 1].map(() => {
    const ids = Int32Array.from({ length: tokens }, () => stream.next() % 37);
    const labels = ids.map((_, i) => c.offsets.includes(i + 1) ? -100 : ids[i + 1]);
    return { ids, labels };
  });
  const graph = new Graph();
  const ids = graph.input("ids", "i32", [tokens], { check: "below", limit: 37 });
  const labels = graph.input("labels", "i32", [tokens]);
  const layers = new TrainedLayers(graph, ({ name, shape }) => {
    const data = parameters.get(name);
    assert.equal(data?.length, shape.reduce((a, b) => a * b, 1), name);
    return data!;
  });
  const sizes = { vocabulary: 37, width: 32, depth: 3, hidden: 64 };
  const logits = hgrnBit(layers, ids, sizes, 1, c.offsets);
  const build = new NodeBuilder(graph);
  const loss = crossEntropy(build, logits, labels);
  assert.equal(graph.parameters.length, c.layout.length);
  return { c, graph, build, logits, loss, batches };
}

Deno.test({
  name: "golden: hgrn: loss, logits, gradients and codes of a step, on both engines",
  ignore,
  fn: async () => {
    const { c, graph, build, logits, loss, batches } = rebuilt();
    const tensors = readSafetensors(Deno.readFileSync(`${FOLDER}/hgrn.safetensors`));
    graph.output("logits", logits);
    graph.output("loss", loss);
    const layers = nodesOf(graph, graph.outputs).filter((node) => isNode(node, "FusedBitLinear"));
    assert.equal(layers.length, 19);
    for (const { inputs, attributes } of layers) {
      const name = inputs.weight.name.replace(/\.weight$/, "");
      const { q, trits } = bitLinearFactors(build, inputs, attributes);
      graph.output(`codes/${name}`, q);
      graph.output(`trits/${name}`, trits);
    }
    const wrt = [...graph.parameters];
    gradients(graph, loss, wrt).forEach((made, i) => graph.output(`grad/${wrt[i].name}`, made));
    const bytes = await encodeProgram(compile(graph, { training: true }));
    using instance = await loadWasm(bytes, { build: trainBuild() });
    const outputs = await instance.run(batches[0]);
    const error = Math.abs(outputs.loss.data[0] as number / c.loss - 1);
    assert.ok(error <= c.loss_rel, `loss: ${error}`);
    let compared = 0;
    for (const [name, { data }] of tensors) {
      if (name === "ids" || name === "labels") continue;
      const want = Array.from(data as ArrayLike<number>, Number);
      const got = outputs[name].data as Float32Array;
      assert.equal(got.length, want.length, name);
      const most = want.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      const isExact = /^(codes|trits)/.test(name);
      const bound = isExact ? 0 : name === "logits" ? 1e-5 * most : c.gradient_bound * most;
      want.forEach((value, i) => {
        const off = Math.abs(got[i] - value);
        assert.ok(off <= bound, `${name}, element ${i}: ${got[i]}, not ${value} ± ${bound}`);
      });
      compared++;
    }
    assert.equal(compared, 1 + 2 * 19 + c.layout.length);
    using reference = await loadReference(bytes);
    const same = await reference.run(batches[0]);
    for (const [name, { data }] of Object.entries(outputs)) {
      assert.deepEqual(same[name].data, data, `${name}: not the reference's bits`);
    }
  },
});

/** The program of a step as the oracle takes it. */
async function withAdamW() {
  const { c, graph, loss, batches } = rebuilt();
  const { lr: rate, betas, eps: epsilon, weight_decay } = c.adamw;
  const trained = trainingGraph(graph, {
    loss,
    rate,
    optimizer: { kind: "adamw", betas, epsilon, decay: 0 },
    decay: (name) => /(proj|lm_head)\.weight$/.test(name) ? weight_decay : 0,
    clipNorm: 1,
  });
  return { c, batches, bytes: await encodeProgram(compile(trained, { training: true })) };
}

Deno.test({
  name: "golden: hgrn: ten steps of AdamW",
  ignore,
  fn: async () => {
    const { c, batches, bytes } = await withAdamW();
    using instance = await loadWasm(bytes, { build: trainBuild() });
    for (const [t, want] of c.losses.entries()) {
      const { loss } = await instance.run(batches[t % 2], { entry: "train_step" });
      const error = Math.abs(loss.data[0] as number / want - 1);
      assert.ok(error <= c.losses_rel, `step ${t}: ${loss.data[0]}, ${want}: ${error}`);
    }
    for (const [name, want] of Object.entries<number>(c.last_parameter_norms)) {
      const { data } = await instance.read(name, "f32");
      const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
      assert.ok(Math.abs(norm / want - 1) <= 1e-4, `${name}: ${norm}, ${want}`);
    }
  },
});

Deno.test({
  name: "golden: hgrn: the trits of the last of ten steps",
  ignore,
  fn: async () => {
    const { c, batches, bytes } = await withAdamW();
    using instance = await loadWasm(bytes, { build: trainBuild() });
    for (let t = 0; t < 9; t++) await instance.run(batches[t % 2], { entry: "train_step" });
    for (const [name, want] of Object.entries<string>(c.last_trits_sha256_16)) {
      const { data } = await instance.read(`${name}.weight`, "f32");
      assert.equal(sha256(ternarize(data).trits).slice(0, 16), want, name);
    }
  },
});
