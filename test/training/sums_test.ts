/** Training whose products keep their sums in 16 bits. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import { FewbitError } from "../../src/errors.ts";
import { gradients } from "../../src/gradients/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { SUMS } from "../../src/instructions/sums.ts";
import { compile } from "../../src/lower/compile.ts";
import { roundToHalf } from "../../src/numeric/half.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { trainingGraph } from "../../src/training/training_graph.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import { Random } from "../conformance/_random.ts";
import { SIZE, smallDsCnn } from "./_small_ds_cnn.ts";

const TYPES = ["bf16", "f16"] as const;
/** Ones beyond which a sum in 16 bits does not grow. */
const MOST = { bf16: 256, f16: 2048 } as const;
const COUNT = 2100;

/** Rows of ones through a layer of ones; the loss is the sum of what comes out. */
function ones(rows: number, columns: number): { graph: Graph; loss: Value; weight: Value } {
  const graph = new Graph();
  const x = graph.input("x", "f32", [rows, columns]);
  const data = new Float32Array(columns).fill(1);
  const weight = graph.parameter("w", { dtype: "f32", shape: [1, columns], data });
  const y = graph.apply(ops.linear, { x, weight });
  graph.output("y", y);
  return { graph, loss: new NodeBuilder(graph).sum(y), weight };
}

Deno.test("sums: of ones they stop where 16 bits do, forward and in gradients", async () => {
  for (const dtype of TYPES) {
    for (const sums of ["f32", "16"] as const) {
      const sum = sums === "16" ? MOST[dtype] : roundToHalf(dtype, COUNT);
      for (const [rows, columns] of [[1, COUNT], [COUNT, 1]]) {
        const { graph, loss } = ones(rows, columns);
        const lossScale = { initial: 1, interval: 0 };
        const settings = { loss, rate: 1, dtype, sums, master: "none", lossScale } as const;
        using trainer = await Trainer.load(graph, settings);
        const x = new Float32Array(COUNT).fill(1);
        if (rows === 1) assert.equal((await trainer.predict({ x })).y.data[0], sum);
        for await (const _ of trainer.fit(arrayData({ x }, rows)));
        const gradient = rows === 1 ? 1 : sum;
        assert.equal((await trainer.read("w")).data[0], roundToHalf(dtype, 1 - gradient));
      }
    }
  }
});

const BATCH = 1;

function programOf(settings: Partial<TrainingSettings>): CompiledProgram {
  const { graph, loss } = smallDsCnn(BATCH);
  return compile(trainingGraph(graph, { loss, rate: 0.1, ...settings }), { training: true });
}

/** The value of the attribute of each product of a program, of its entries together. */
function sumsOf({ instructions }: CompiledProgram): (number | undefined)[] {
  return instructions.flatMap(({ opcode, attributes }) => {
    const all = instructionOf(opcode)!.attributes ?? [];
    const at = all.indexOf(SUMS);
    return at < 0 ? [] : [attributes[at]];
  });
}

Deno.test("sums: all products of a network have them, and none where they are float32", () => {
  for (const dtype of TYPES) {
    const all = sumsOf(programOf({ dtype, sums: "16" }));
    assert.ok(all.length >= 39, `${all.length} products`);
    assert.deepEqual(new Set(all), new Set([SUMS.values!.indexOf(dtype)]));
    assert.deepEqual(new Set(sumsOf(programOf({ dtype, sums: "f32" }))), new Set([undefined]));
  }
});

Deno.test("sums: layers in float32 beside others have float32 sums", () => {
  const dtype = (name: string) => name.startsWith("fc") ? "f32" as const : "bf16" as const;
  assert.deepEqual(new Set(sumsOf(programOf({ dtype, sums: "16" }))), new Set([undefined, 1]));
});

Deno.test("sums: a program without the attribute is what it was", async () => {
  const [plain, asked] = [programOf({ dtype: "bf16" }), programOf({ dtype: "bf16", sums: "f32" })];
  assert.deepEqual(await encodeProgram(asked), await encodeProgram(plain));
});

Deno.test("sums: the reference engine and the module have the same bits of a step", async () => {
  const random = new Random(9);
  const x = Float32Array.from({ length: BATCH * SIZE * SIZE }, () => random.unit() - 0.3);
  const inputs = { x, labels: Int32Array.of(2) };
  for (const dtype of TYPES) {
    const { graph, loss } = smallDsCnn(BATCH);
    const file = async (sums: "f32" | "16") => {
      const trained = trainingGraph(graph, { loss, rate: 0.1, dtype, sums });
      return await encodeProgram(compile(trained, { training: true }));
    };
    const seen: unknown[] = [];
    for (const sums of ["16", "f32"] as const) {
      using module = await loadWasm(await file(sums), { build: trainBuild() });
      const steps: number[] = [];
      for (let step = 0; step < 2; step++) {
        const outputs = await module.run(inputs, { entry: "train_step" });
        steps.push(outputs.loss.data[0] as number);
      }
      if (sums === "16") {
        using reference = await loadReference(await file(sums));
        for (const step of steps) {
          const outputs = await reference.run(inputs, { entry: "train_step" });
          assert.equal(outputs.loss.data[0], step, dtype);
        }
      }
      seen.push(steps);
    }
    assert.notDeepEqual(seen[0], seen[1], "as with float32 sums");
  }
});

Deno.test("sums: gradients are kept as what they are the gradient of", () => {
  const { graph, loss, weight } = ones(2, 3);
  graph.storage.set(weight.id, { type: "bf16", sums: true });
  const [gradient] = gradients(graph, loss, [weight]);
  assert.deepEqual(graph.storage.get(gradient.id), { type: "bf16", sums: true });
});

Deno.test("sums: what does not go together, and checkpoints of other sums, are refused", async () => {
  const { graph, loss } = smallDsCnn(BATCH);
  const load = (more: Partial<TrainingSettings>) =>
    Trainer.load(graph, { loss, rate: 0.1, ...more });
  const isCode = (code: string, what: RegExp) => (error: unknown): boolean =>
    error instanceof FewbitError && error.code === code && what.test(error.message);
  await assert.rejects(load({ sums: "16" }), isCode("invalid_argument", /sums is 16/));
  await assert.rejects(
    load({ dtype: "bf16", sums: "8" as never }),
    isCode("invalid_argument", /sums is 8, expected one of f32,16/),
  );
  using halves = await load({ dtype: "bf16", sums: "16" });
  using single = await load({ dtype: "bf16" });
  const saved = await halves.save();
  assert.throws(() => single.restore(saved), FewbitError);
  halves.restore(saved);
});
