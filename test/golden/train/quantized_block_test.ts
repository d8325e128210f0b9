/** Learned quantisation of a Llama's block against PyTorch in float64: gradients, and 20 steps of AdamW. */
import assert from "node:assert/strict";
import { ExactProgram } from "../../../src/engines/reference/exact.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { compile } from "../../../src/lower/compile.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { trainingGraph } from "../../../src/training/training_graph.ts";
import { absent, readJson, SHARED } from "../_shared.ts";
import { anglesOf, ordered, quantizedBlock, targetsOf } from "./_quantized_block.ts";
import type { BlockCase, BlockFile } from "./_quantized_block.ts";

const NAME = "golden/mobilequant/grad.json";
/** How far float64 may be off, and float32: gradients of a tensor's largest, losses of themselves. */
const [EXACT, GRADIENT, LOSS] = [1e-6, 5e-4, 1e-5];
/** Losses until a code flips in float32. */
const FLOAT32_STEPS = 12;

const file: BlockFile | undefined = absent(`${SHARED}/${NAME}`) ? undefined : readJson(NAME);

/** A case with the program of its gradients and of its steps. */
function programsOf(c: BlockCase) {
  const { graph, loss, start } = quantizedBlock(file!, c);
  const { lr } = file!;
  const rateOf = (name: string): number =>
    name.startsWith("let.")
      ? lr.let
      : name.startsWith("lwc.")
      ? lr.lwc
      : name.startsWith("s.")
      ? lr.scale[c.ranges]
      : lr.zero;
  const trained = trainingGraph(graph, {
    loss,
    rate: 1,
    optimizer: { kind: "adamw", decay: 0 },
    group: (name) => ({ rate: rateOf(name) }),
  });
  const { parameters } = graph;
  gradients(graph, loss, parameters).forEach((gradient, i) =>
    graph.output(`gradient.${parameters[i].name}`, gradient, "gradients")
  );
  graph.output("loss", loss, "gradients");
  return {
    start,
    gradients: compile(graph, { training: true }),
    steps: compile(trained, { training: true }),
  };
}

/** Relative to the largest of the wanted ones. */
function errorOf(got: ArrayLike<number>, want: ArrayLike<number>): number {
  assert.equal(got.length, want.length);
  const largest = Math.max(...Array.from(want, Math.abs));
  // What nothing depends on has no gradient at all.
  return Math.max(...Array.from(want, (x, i) => Math.abs(got[i] - x))) / (largest || 1e-9);
}

for (const c of file?.cases ?? []) {
  const what = `golden: quantised block, ${c.pairing}, ${c.ranges}, ${c.loss}`;

  Deno.test(`${what}: float64`, () => {
    const { start, ...programs } = programsOf(c);
    const exact = new ExactProgram(programs.gradients);
    exact.write("angles", anglesOf());
    exact.run("teacher");
    const feeds = {
      angles: anglesOf(),
      ...targetsOf(c, exact.read("teacher.residual"), exact.read("teacher.logits")),
    };
    const feed = (program: ExactProgram): void => {
      for (const [name, data] of [...Object.entries(feeds), ...start]) program.write(name, data);
    };
    feed(exact);
    exact.run("gradients");
    assert.ok(Math.abs(exact.read("loss")[0] / c.value - 1) <= EXACT, `${exact.read("loss")[0]}`);
    assert.deepEqual([...start.keys()].sort(), Object.keys(c.gradient).sort());
    for (const [name, want] of Object.entries(c.gradient)) {
      const error = errorOf(exact.read(`gradient.${name}`), ordered(c, name, want));
      assert.ok(error <= EXACT, `${name}: ${error}`);
    }
    const steps = new ExactProgram(programs.steps);
    feed(steps);
    for (const [step, want] of c.losses.entries()) {
      steps.run("train_step");
      const error = Math.abs(steps.read("loss")[0] / want - 1);
      assert.ok(error <= EXACT, `step ${step}: ${error}`);
      if (step !== c.losses.length - 2) continue;
      for (const [name, after] of Object.entries(c.after)) {
        const error = errorOf(steps.read(name), ordered(c, name, after));
        assert.ok(error <= EXACT, `${name}: ${error}`);
      }
    }
  });

  Deno.test(`${what}: float32`, async () => {
    const programs = programsOf(c);
    const exact = new ExactProgram(programs.gradients);
    exact.write("angles", anglesOf());
    exact.run("teacher");
    const targets = targetsOf(c, exact.read("teacher.residual"), exact.read("teacher.logits"));
    const feeds = Object.fromEntries(
      Object.entries({ angles: anglesOf(), ...targets })
        .map(([name, data]) => [name, Float32Array.from(data)]),
    );
    const build = trainBuild();
    using instance = await loadWasm(await encodeProgram(programs.gradients), { build });
    const outputs = await instance.run(feeds, { entry: "gradients" });
    for (const [name, want] of Object.entries(c.gradient)) {
      const got = outputs[`gradient.${name}`].data as Float32Array;
      const error = errorOf(got, ordered(c, name, want));
      assert.ok(error <= GRADIENT, `${name}: ${error}`);
    }
    using steps = await loadWasm(await encodeProgram(programs.steps), { build });
    for (const [step, want] of c.losses.slice(0, FLOAT32_STEPS).entries()) {
      const { loss } = await steps.run(feeds, { entry: "train_step" });
      const error = Math.abs(loss.data[0] as number / want - 1);
      assert.ok(error <= LOSS, `step ${step}: ${error}`);
    }
  });
}
