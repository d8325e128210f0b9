/** Eight networks against PyTorch in float64: one step's loss, gradients and statistics, and 20 steps of two optimisers. */
import assert from "node:assert/strict";
import type { Inputs } from "../../../src/engines/engine.ts";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { compile } from "../../../src/lower/compile.ts";
import { channelsLast, TrainedLayers } from "../../../src/models/trained_layers.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { crossEntropy } from "../../../src/training/losses/cross_entropy.ts";
import type { Optimizer } from "../../../src/training/optimizers/optimizer.ts";
import { trainingGraph } from "../../../src/training/training_graph.ts";
import { absent, readJson, sha256, SHARED } from "../_shared.ts";
import { Stream } from "../seeded.ts";
import { NETS } from "./_nets.ts";

const FOLDER = `${SHARED}/golden/train`;
// deno-lint-ignore no-explicit-any
type Case = any;

/** Networks whose step the reference engine takes in some seconds. */
const ON_REFERENCE = ["mlp", "vit", "transformer", "ds_cnn_49x10"];

/**
 * DS-CNN with AdamW parts from float64 behind the tenth step: one ReLU falls on the other side. From start weights that differ
 * by one bit here and there, losses differ by up to 1e-5 (49×10) and 1e-4 (28×28) from one another.
 */
function boundOf(net: string, kind: string, step: number, rel: number): number {
  return net.startsWith("ds_cnn") && kind === "adamw" && step >= 10 ? Math.max(rel, 1e-3) : rel;
}

/** Parameters and five batches of a network, rebuilt from its seed. */
function rebuilt(c: Case) {
  const stream = new Stream(c.seed);
  const parameters = new Map<string, Float32Array>();
  for (const [name, shape, bound, offset] of c.layout) {
    parameters.set(
      name,
      stream.take(shape.reduce((a: number, b: number) => a * b, 1), bound, offset),
    );
  }
  const all = Float32Array.from([...parameters.values()].flatMap((values) => [...values]));
  assert.equal(sha256(all).slice(0, 16), c.sha256_16.parameters);
  const batches: Inputs[] = Array.from({ length: 5 }, () => {
    if (!Array.isArray(c.input)) return tokens(stream, c);
    const shape = c.input as number[];
    const x = stream.take(shape.reduce((a, b) => a * b), 1.5);
    const labels = Int32Array.from({ length: 4 }, () => stream.next() % c.classes);
    return { x: shape.length === 4 ? channelsLast(x, shape) : x, labels };
  });
  return { parameters, batches };
}

/** Ids, and the next id of each as its label, none at the end of a sequence. */
function tokens(stream: Stream, c: Case): Inputs {
  const x = Int32Array.from({ length: c.input.ids }, () => stream.next() % c.classes);
  const labels = Int32Array.from(x, (_, i) => c.input.offsets.includes(i + 1) ? -100 : x[i + 1]);
  return { x, labels };
}

/** The graph of a network, its logits and its loss. */
function graphOf(c: Case, parameters: ReadonlyMap<string, Float32Array>) {
  const graph = new Graph();
  const layers = new TrainedLayers(graph, ({ name }) => parameters.get(name)!, {
    epsilon: c.batch_norm?.epsilon ?? 1e-3,
    momentum: 0.1,
  });
  const isText = !Array.isArray(c.input);
  const extents = isText
    ? [c.input.ids]
    : c.input.length === 4
    ? [c.input[0], c.input[2], c.input[3], c.input[1]]
    : c.input;
  const x = isText
    ? graph.input("x", "i32", extents, { check: "below", limit: c.classes })
    : graph.input("x", "f32", extents);
  const labels = graph.input("labels", "i32", [extents[0]]);
  const logits = NETS[c.net](layers, x);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  return { graph, loss, frozenStatistics: c.batch_norm?.frozen === true };
}

function cosineAndRatio(got: ArrayLike<number>, want: ArrayLike<number>): [number, number] {
  let [product, a, b] = [0, 0, 0];
  for (let i = 0; i < want.length; i++) {
    product += got[i] * want[i];
    a += got[i] ** 2;
    b += want[i] ** 2;
  }
  return [product / Math.sqrt(a * b), Math.sqrt(a / b)];
}

const cases: readonly Case[] = absent(FOLDER) ? [] : readJson("golden/train/nets.json").cases;

for (const c of cases) {
  const file = (): Map<string, { readonly data: Float64Array }> =>
    readSafetensors(Deno.readFileSync(`${FOLDER}/${c.file}`)) as never;

  Deno.test(`golden: nets, ${c.net}: gradients of one step`, async () => {
    const { parameters, batches } = rebuilt(c);
    const { graph, loss, frozenStatistics } = graphOf(c, parameters);
    // The training graph without an update: its loss and gradients.
    const trained = trainingGraph(graph, { loss, rate: 0, frozenStatistics });
    const value = trained.outputs.find(({ name }) => name === "loss")!.value;
    const named = trained.parameters;
    gradients(trained, value, named).forEach((gradient, i) =>
      trained.output(`gradient.${named[i].name}`, gradient, "train_step")
    );
    const bytes = await encodeProgram(compile(trained, { training: true }));
    using instance = await loadWasm(bytes, { build: trainBuild() });
    const outputs = await instance.run(batches[0], { entry: "train_step" });
    const error = Math.abs(outputs.loss.data[0] as number / c.loss - 1);
    assert.ok(error <= c.loss_rel, `loss: ${error}`);
    const tensors = file();
    assert.equal(named.length, c.layout.length);
    for (const [name, shape] of c.layout) {
      const { data } = tensors.get(`${c.net}/grad/${name}`)!;
      const want = shape.length === 4 ? channelsLast(data as never, shape) : data;
      const [cosine, ratio] = cosineAndRatio(
        outputs[`gradient.${name}`].data as Float32Array,
        want,
      );
      assert.ok(cosine >= 0.9999 && Math.abs(ratio - 1) <= 1e-5, `${name}: ${cosine}, ${ratio}`);
    }
    for (const [key, { data }] of tensors) {
      const name = key.split("/after1/")[1];
      if (name === undefined) continue;
      const after = (await instance.read(name)).data as Float32Array;
      after.forEach((got, i) => {
        assert.ok(Math.abs(got - data[i]) <= 1e-5 * (Math.abs(data[i]) + 0.1), `${name}: ${got}`);
      });
    }
    if (!ON_REFERENCE.includes(c.net)) return;
    using reference = await loadReference(bytes);
    const same = await reference.run(batches[0], { entry: "train_step" });
    for (const [name, { data }] of Object.entries(outputs)) {
      assert.deepEqual(same[name].data, data, `${name}: not the reference's bits`);
    }
  });

  for (const kind of ["sgd", "adamw"] as const) {
    Deno.test(`golden: nets, ${c.net}: 20 steps of ${kind}`, async () => {
      const { arguments: given, losses, rel, parameter_norms, parameter_norms_rel } = c.runs[kind];
      const { parameters, batches } = rebuilt(c);
      const { graph, loss, frozenStatistics } = graphOf(c, parameters);
      const { lr: rate, momentum, weight_decay: decay, betas, eps: epsilon } = given;
      const optimizer: Optimizer = kind === "sgd"
        ? { kind, momentum, decay }
        : { kind, betas, epsilon, decay };
      const trained = trainingGraph(graph, { loss, rate, optimizer, frozenStatistics });
      const bytes = await encodeProgram(compile(trained, { training: true }));
      using instance = await loadWasm(bytes, { build: trainBuild() });
      for (const [t, want] of losses.entries()) {
        const outputs = await instance.run(batches[t % 5], { entry: "train_step" });
        const error = Math.abs(outputs.loss.data[0] as number / want - 1);
        const most = boundOf(c.net, kind, t, rel);
        assert.ok(
          error <= most,
          `step ${t}: ${outputs.loss.data[0]}, ${want}: ${error} of ${most}`,
        );
      }
      for (const [name, want] of Object.entries<number>(parameter_norms)) {
        // A key's bias has no gradient, and Adam divides its rounding noise by itself.
        if (name.endsWith("qkv.bias")) continue;
        const { data } = await instance.read(name, "f32");
        const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
        const error = want === 0 ? norm : Math.abs(norm / want - 1);
        const most = boundOf(c.net, kind, losses.length, parameter_norms_rel);
        assert.ok(error <= most, `${name}: ${error} of ${most}`);
      }
    });
  }
}
