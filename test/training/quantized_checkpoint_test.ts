/** Training for integers, stopped and gone on with: the same bits, and what is refused. */
import assert from "node:assert/strict";
import { QuantizedTrainer } from "../../src/compile/quantized_training.ts";
import { load } from "../../src/engines/load.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { encodeCheckpoint } from "../../src/training/checkpoint.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";
import { BATCH, batch, checksum, CLASSES, folder, SETTINGS } from "./_small_vit.ts";

const COUNT = 4 * BATCH + 2;

function data(): TrainingData {
  const { images, labels } = batch(new Random(9), COUNT);
  return arrayData({ image: images, labels }, COUNT);
}

/** Steps of a fit until so many are done. */
async function fit(
  trainer: QuantizedTrainer,
  epochs: number,
  steps = Infinity,
): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss, step } of trainer.fit(data(), { epochs })) {
    losses.push(loss);
    if (step === steps) break;
  }
  return losses;
}

/** What a trainer is: weights, scales, and what both become. */
function stateOf(trainer: QuantizedTrainer): unknown {
  return [checksum(trainer), trainer.steps, trainer.cursor, [...trainer.compile().scales]];
}

for (const forward of ["shift", "float"] as const) {
  Deno.test(`${forward}: what was saved goes on to the same bits, from the middle of an epoch, too`, async () => {
    const settings = {
      ...SETTINGS,
      forward,
      schedule: { kind: "cosine", min: 0, steps: 12 },
    } as const;
    using whole = await QuantizedTrainer.load(folder(), settings);
    const losses = await fit(whole, 3);
    assert.equal(losses.length, 12);
    for (const stop of [1, 4, 6]) {
      using first = await QuantizedTrainer.load(folder(), settings);
      const before = await fit(first, 3, stop);
      const saved = await first.save({ metadata: { note: "kept" } });
      using second = await QuantizedTrainer.load(folder(), settings);
      // Whatever it has done before is forgotten.
      if (stop === 4) await fit(second, 1);
      second.restore(saved);
      assert.equal(second.steps, stop);
      assert.deepEqual([...before, ...await fit(second, 3)], losses);
      assert.equal(checksum(second), checksum(whole));
      if (forward === "shift") assert.deepEqual(stateOf(second), stateOf(whole));
    }
  });
}

Deno.test("a restored trainer exports, and shows codes, before its next step", async () => {
  using first = await QuantizedTrainer.load(folder(), SETTINGS);
  await fit(first, 1);
  using second = await QuantizedTrainer.load(folder(), SETTINGS);
  second.restore(await first.save());
  assert.deepEqual(second.compile().program, first.compile().program);
  const { images } = batch(new Random(1), 3);
  assert.deepEqual(await second.codes(images), await first.codes(images));
});

Deno.test("checkpoints that are cut, changed, or of something else are refused, and nothing changes", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  await fit(trainer, 1);
  const saved = await trainer.save();
  await fit(trainer, 2);
  const before = JSON.stringify(stateOf(trainer));
  const refused = (bytes: Uint8Array, message: RegExp): void => {
    assert.throws(() => trainer.restore(bytes), { code: "invalid_file", message });
    assert.equal(JSON.stringify(stateOf(trainer)), before);
  };
  for (const length of [0, 7, 100, saved.length >> 1, saved.length - 1]) {
    refused(saved.slice(0, length), /./);
  }
  const random = new Random(3);
  for (let i = 0; i < 20; i++) {
    const at = saved.length - 1 - random.integer(0, saved.length >> 1);
    refused(saved.slice().fill(saved[at] ^ 1 << random.integer(0, 7), at, at + 1), /checksum/);
  }
  const { weights, ...rest } = folder();
  const bias = weights.get("blocks.0.norm1.bias")!;
  // Nothing reads this one backward, and the integers depend on it.
  const moved = new Map(weights).set("blocks.0.norm1.bias", {
    ...{ dtype: "f32", shape: bias.shape },
    data: Float32Array.from(bias.data as Float32Array, (x) => x + 0.5),
  });
  const others: [ReturnType<typeof folder>, Partial<typeof SETTINGS>][] = [
    [{ ...rest, weights: moved }, {}],
    [folder(), { rate: 0.001 }],
    [folder(), { seed: 2 }],
    [folder(), { decay: 0.1 }],
    [folder(), { forward: "float" }],
    [folder(), { batch: BATCH - 1 }],
    [folder(), { optimizer: { kind: "sgd" } }],
  ];
  for (const [start, settings] of others) {
    using other = await QuantizedTrainer.load(start, { ...SETTINGS, ...settings });
    refused(
      await other.save(),
      /another program's: of other weights to begin with, another network or settings/,
    );
  }
  trainer.restore(saved);
  assert.equal(trainer.steps, 4);
});

Deno.test("checkpoints with tensors that do not belong together are refused", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  await fit(trainer, 1);
  const saved = await trainer.save();
  const header = new TextDecoder().decode(saved);
  const program = /\\"program\\":\\"([^"\\]+)\\"/.exec(header)![1];
  const tensors = readSafetensors(saved);
  const changed = (change: (all: Map<string, Tensor>) => void): Uint8Array => {
    const all = new Map(tensors);
    change(all);
    return encodeCheckpoint({ tensors: all, program, cursor: { epoch: 1, batch: 0 } });
  };
  const site = "blocks.0.attn.qact1";
  const short: Tensor = { dtype: "f32", shape: [1], data: Float32Array.of(1) };
  const half: Tensor = { dtype: "f32", shape: [1], data: Float32Array.of(0.5) };
  const cases: [(all: Map<string, Tensor>) => void, RegExp][] = [
    [(all) => all.delete(`observer.high.${site}`), /observer\.high/],
    [(all) => all.set(`observer.high.${site}`, short), /do not fit/],
    [(all) => all.delete(`observer.scale.${site}`), /no numbers observer\.scale/],
    [(all) => all.set("train.step", half), /number of steps is 0\.5/],
    [(all) => all.delete("train.step"), /no numbers train\.step/],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => trainer.restore(changed(change)), { code: "invalid_file", message });
  }
  const lost = changed((all) => all.delete("head.weight"));
  assert.throws(() => trainer.restore(lost), { code: "not_found", message: /head\.weight/ });
});

Deno.test("fit takes the steps of its batches, and stops between two", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  const steps: number[] = [];
  await assert.rejects(async () => {
    for await (
      const { step, epoch } of trainer.fit(data(), { epochs: 5, signal: controller.signal })
    ) {
      steps.push(10 * epoch + step);
      if (step === 6) controller.abort(reason);
      await assert.rejects(trainer.fit(data()).next(), { code: "invalid_argument" });
      const saved = await trainer.save();
      assert.throws(() => trainer.restore(saved), /fit is running/);
    }
  }, (error) => error === reason);
  assert.deepEqual(steps, [1, 2, 3, 4, 15, 16]);
  assert.deepEqual(trainer.cursor, { epoch: 1, batch: 2 });
  using plain = await QuantizedTrainer.load(folder(), SETTINGS);
  await fit(plain, 2, 6);
  assert.deepEqual(stateOf(plain), stateOf(trainer));
  const words = arrayData({ image: new Float64Array(COUNT), labels: new Int32Array(COUNT) }, COUNT);
  await assert.rejects(trainer.fit(words, { epochs: 9 }).next(), { code: "dtype_mismatch" });
});

Deno.test("a step that fails leaves observers as they were, and another waits for none", async () => {
  const random = new Random(4);
  const batches = [1, 2].map(() => batch(random, BATCH));
  using plain = await QuantizedTrainer.load(folder(), SETTINGS);
  for (const { images, labels } of batches) await plain.step(images, labels);
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  await trainer.step(batches[0].images, batches[0].labels);
  const wrong = batches[1].labels.map(() => CLASSES);
  await assert.rejects(trainer.step(batches[1].images, wrong), { code: "invalid_argument" });
  const bright = batches[1].images.map((x) => 9 * x);
  await assert.rejects(trainer.step(bright, wrong));
  await assert.rejects(trainer.step(bright.subarray(1), wrong), { code: "shape_mismatch" });
  const running = trainer.step(batches[1].images, batches[1].labels);
  await assert.rejects(trainer.step(bright, batches[0].labels), /a step is in progress/);
  await assert.rejects(trainer.save(), /a step is in progress/);
  await running;
  assert.deepEqual(stateOf(trainer), stateOf(plain));
});

Deno.test("pictures that are not finite, and losses that are none, are said", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  const { images, labels } = batch(new Random(2), BATCH);
  await trainer.step(images, labels);
  const before = JSON.stringify(stateOf(trainer));
  const holed = images.slice().fill(NaN, 5, 6);
  await assert.rejects(trainer.step(holed, labels), {
    code: "invalid_argument",
    message: /finite/,
  });
  assert.equal(JSON.stringify(stateOf(trainer)), before);
  using float = await QuantizedTrainer.load(folder(), { ...SETTINGS, forward: "float" });
  await assert.rejects(float.step(holed, labels), {
    code: "invalid_argument",
    message: /the loss of step 1 is NaN/,
  });
});

Deno.test("evaluation is that of what is exported, or of the float network", async () => {
  const { images, labels } = batch(new Random(6), 20);
  const heldOut = arrayData({ image: images, labels }, 20);
  for (const forward of ["shift", "float"] as const) {
    using trainer = await QuantizedTrainer.load(folder(), { ...SETTINGS, forward });
    await fit(trainer, 3);
    const { accuracy, count } = await trainer.evaluate(heldOut);
    assert.equal(count, 20);
    if (forward === "float") {
      assert.throws(() => trainer.compile(), /No scale is known/);
      assert.ok(accuracy > 0.6, `${accuracy}`);
      continue;
    }
    using instance = await load(trainer.compile().program, { symbols: { max_batch: 20 } });
    const run = { entry: "normalized", symbols: { batch: 20 } };
    const logits = (await instance.run({ image: images }, run)).logits.data as Float32Array;
    const right = labels.filter((label, i) => {
      const row = logits.subarray(CLASSES * i, CLASSES * (i + 1));
      return row.indexOf(Math.max(...row)) === label;
    });
    assert.equal(accuracy, right.length / 20);
    await assert.rejects(
      trainer.evaluate(heldOut, { signal: AbortSignal.abort(new Error("no")) }),
      /no/,
    );
  }
});
