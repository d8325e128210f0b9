/** Eight networks against PyTorch in float64: one step's loss, gradients and statistics, and 20 steps of two optimisers. */
import assert from "node:assert/strict";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { compile } from "../../../src/lower/compile.ts";
import { channelsLast } from "../../../src/models/trained_layers.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import type { Optimizer } from "../../../src/training/optimizers/optimizer.ts";
import { trainingGraph } from "../../../src/training/training_graph.ts";
import { absent, readJson, SHARED } from "../_shared.ts";
import { cosineAndRatio, graphOf, rebuilt } from "./_rebuilt_nets.ts";
import type { NetCase as Case } from "./_rebuilt_nets.ts";

const FOLDER = `${SHARED}/golden/train`;
/** Networks whose step the reference engine takes in some seconds. */
const ON_REFERENCE = ["mlp", "vit", "transformer", "ds_cnn_49x10"];

/**
 * DS-CNN with AdamW parts from float64 behind the tenth step: one ReLU falls on the other side. From start weights that differ
 * by one bit here and there, losses differ by up to 1e-5 (49×10) and 1e-4 (28×28) from one another.
 */
function boundOf(net: string, kind: string, step: number, rel: number): number {
  return net.startsWith("ds_cnn") && kind === "adamw" && step >= 10 ? Math.max(rel, 1e-3) : rel;
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
