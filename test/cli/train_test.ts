/** `fewbit train`: it learns, and after Ctrl-C goes on to the same bits. */
import assert from "node:assert/strict";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { decodeCheckpoint } from "../../src/training/checkpoint.ts";
import { decodePictureFacts } from "../../src/training/picture_facts.ts";
import { fails, fewbit, interrupted } from "./_fewbit.ts";
import { CLASSES, COUNT, idx, withPictures } from "./_pictures.ts";

const SETTINGS = ["--batch", "12", "--rate", "0.05"];

Deno.test("cli: train learns, and says how well", () =>
  withPictures(async (folder, given) => {
    const output = `${folder}/out.safetensors`;
    const args = ["train", ...given, ...SETTINGS, "--epochs", "4", "-o", output];
    const { code, out, err } = await fewbit(args);
    assert.equal(code, 0, err);
    assert.match(out, /^ds-cnn: 180 pictures, 20 held out, 60 steps of 12, [\d.]+ MB of memory\n/);
    assert.match(out, /\nepoch 2 of 4: loss \d\.\d{4}, [\d.]+ %, \d+ pictures\/s, \d+ s left\n/);
    const [, percent] = /\.safetensors: ([\d.]+) % of 20, /.exec(out) ?? [];
    assert.ok(Number(percent) >= 90, out);
    const tensors = readSafetensors(await Deno.readFile(output));
    assert.deepEqual(tensors.get("fc.weight")?.shape, [CLASSES, 64]);
    const curve = await Deno.readTextFile(`${folder}/out.svg`);
    assert.match(curve, /^<svg [^]*step 60<[^]*<\/svg>\n$/);
    assert.equal(curve.match(/<circle /g)?.length, 4);
  }));

Deno.test("cli: train goes on after Ctrl-C, to the bits of a run that was not stopped", () =>
  withPictures(async (folder, given) => {
    const args = (
      name: string,
    ) => ["train", ...given, ...SETTINGS, "--epochs", "12", "-o", `${folder}/${name}`];
    assert.equal((await fewbit(args("whole"))).code, 0);
    await interrupted(args("stopped"), "epoch 2");
    const resumed = await fewbit([...args("stopped"), "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    const last = (name: string) => Deno.readFile(`${folder}/${name}.last`);
    assert.deepEqual(await last("stopped"), await last("whole"));
  }));

Deno.test("cli: train that was stopped before an epoch was evaluated does that first", () =>
  withPictures(async (folder, given) => {
    const output = `${folder}/out.safetensors`;
    const args = ["train", ...given, ...SETTINGS, "--epochs", "1", "-o", output];
    const whole = await fewbit(args);
    const best = await Deno.readFile(output);
    // As Ctrl-C leaves it behind the last step.
    await Deno.remove(output);
    const { code, out, err } = await fewbit([...args, "--resume"]);
    assert.equal(code, 0, err);
    const reached = (text: string) => /out\.safetensors: [\d.]+ % of 20,/.exec(text)?.[0];
    assert.ok(reached(out) !== undefined && reached(out) === reached(whole.out), out);
    assert.deepEqual(await Deno.readFile(output), best);
  }));

Deno.test("cli: train adds up batches, averages weights and changes pictures, and resumes so, too", () =>
  withPictures(async (folder, given) => {
    const options = ["--batch", "4", "--accumulate", "3", "--average", "0.9", "--augment"];
    const others = ["--clip", "2", "--schedule", "plateau", "--rate", "0.02"];
    const args = (name: string, epochs: string) => [
      ...["train", ...given, ...options, ...others, "--epochs", epochs],
      ...["-o", `${folder}/${name}`, "--json"],
    ];
    const whole = await fewbit(args("whole", "3"));
    assert.equal(whole.code, 0, whole.err);
    assert.equal((await fewbit(args("parts", "1"))).code, 0);
    const resumed = await fewbit([...args("parts", "3"), "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    const last = (name: string) => Deno.readFile(`${folder}/${name}.last`);
    assert.deepEqual(await last("parts"), await last("whole"));
    const tensors = readSafetensors(await last("whole"));
    // 180 pictures are 15 steps of 12 an epoch.
    assert.deepEqual(tensors.get("train.step")?.data, Float32Array.of(45));
    const best = JSON.parse(whole.out.trim().split("\n").at(-1)!).accuracy;
    const { out } = await fewbit(
      ["eval", `${folder}/whole`, "--images", given[1], "--labels", given[3], "--json"],
    );
    // Of all 200 pictures, 20 of which were held out.
    assert.ok(Math.abs(JSON.parse(out).model.top1 - best) < 0.3, `${out} ${best}`);
    assert.notDeepEqual(tensors.get("fc.weight")?.data, tensors.get("fc.weight.average")?.data);
    await fails([...args("whole", "1"), "--average", "1"], /given twice/, 2);
    await fails(["train", ...given, "--average", "1", "-o", `${folder}/x`], /average is 1/);
    await fails(["train", ...given, "--clip", "0", "-o", `${folder}/x`], /clipNorm is 0/);
    await fails(
      ["train", ...given, "--accumulate", "0", "-o", `${folder}/x`],
      /--accumulate is "0"/,
    );
  }));

Deno.test("cli: train says what memory is for, and takes less of it to the same bits", () =>
  withPictures(async (folder, given) => {
    const args = (name: string, ...more: string[]) => [
      ...["train", ...given, ...SETTINGS, "--epochs", "1", "--dtype", "bf16"],
      ...["-o", `${folder}/${name}`, ...more],
    ];
    const whole = await fewbit(args("whole"));
    assert.equal(whole.code, 0, whole.err);
    assert.match(whole.out, /\n +[\d.]+ kB {2}masters: of parameters what 16 bits do not hold\n/);
    assert.doesNotMatch(whole.out, /computed again/);
    const small = await fewbit(args("small", "--memory", "1.1MB", "--release-gradients"));
    for (const odd of ["0", "-1", "1MBB", "B", "1e6", "MiB"]) {
      await fails(args("odd", "--memory", odd), /--memory is ".*", expected bytes, as 2MB/);
    }
    await fails(args("odd", "--memory", "64KiB"), /Cannot train in 65\.5 kB/);
    assert.equal(small.code, 0, small.err);
    assert.match(small.out, /, 1\.0\d MB of memory\n/);
    assert.match(small.out, /\ncomputed again: .+\(.+ kB\).*; about [\d.]+ % more work a step\n/);
    // Tensors may come in another order.
    const [one, other] = await Promise.all(
      ["whole", "small"].map(async (name) =>
        readSafetensors(await Deno.readFile(`${folder}/${name}`))
      ),
    );
    assert.deepEqual([...other].sort(), [...one].sort());
    const json = await fewbit(args("json", "--memory", "1100KB", "--json"));
    const { memory, memory_bytes: bytes } = JSON.parse(json.out.trim().split("\n").at(-1)!);
    assert.ok(
      bytes <= 1_100_000 && memory.stash > 0 && memory.recomputed.length > 0,
      json.out,
    );
    await fails(args("x", "--memory", "2XB"), /--memory is "2XB"/);
    await fails(args("x", "--memory", "0"), /--memory is "0"/);
    await fails(
      args("x", "--release-gradients", "--clip", "1"),
      /clipping by their norm needs all/,
    );
    const replay = ["train", ...given, "--replay", "8", "--memory", "2MB", "-o", `${folder}/x`];
    await fails(replay, /--memory does not go with --replay/);
  }));

Deno.test("cli: train refuses what it cannot learn from", () =>
  withPictures(async (folder, given) => {
    const [, images, , labels] = given;
    const out = ["-o", `${folder}/out`];
    await fails(["train", "--images", labels, "--labels", labels, ...out], /are no images/);
    await fails(["train", "--images", images, "--labels", images, ...out], /are no labels/);
    await fails(["train", ...given, ...out, "--model", "vgg"], /--model is "vgg"/);
    await fails(["train", ...given, ...out, "--batch", "500"], /no batch of 500/);
    await fails(["train", ...given, ...out, "--test-images", images], /--test-labels/);
    await fails(["train", ...given, ...out, "--resume"], /out\.last/);
    await fails(["train", ...given, "-o", images], /which is read/);
    await fails(["train", ...given, ...out, "--checkpoint", `${folder}/out.svg`], /twice/);
    await fails(["train", ...given, ...out, "--checkpoint", `${folder}/./out`], /twice/);
    await fails(["train", ...given, ...out, "--master", "kahan"], /--master does not go with/);
    await fails(["train", ...given, ...out, "--sums", "16"], /--sums 16 goes with --dtype bf16/);
    await fails(
      ["train", ...given, ...out, "--dtype", "bf16", "--sums", "8"],
      /--sums is "8"/,
    );
    await fails(["train", ...given, "--data", images, ...out], /two ways to give pictures/);
    await fails(["train", "--data", images, ...out], /--labels is missing/);
    await fails(["train", "--data", `${folder}/nothing`, "--labels", labels, ...out], /nothing/);
    await fails(["train", "--labels", labels, ...out], /--labels needs --data/);
    await fails(["train", ...given, "--side", "8", ...out], /--side is for folders/);
    await fails(["train", ...given, "--limit", "0", ...out], /--limit is "0"/);
    await Deno.writeFile(`${folder}/points`, idx([COUNT, 1, 1], new Uint8Array(COUNT)));
    const points = ["--images", `${folder}/points`, "--labels", labels];
    await fails(["train", ...points, ...out], /a DS-CNN halves pictures, got 1×1/);
    await fails(["train", ...given, "--limit", "1", ...out], /one picture, expected 2 or more/);
    for (const odd of [-1, 100_000, 2_000_000_000]) {
      const bytes = idx([COUNT], new Uint8Array(4 * COUNT));
      bytes[2] = 0x0c;
      new DataView(bytes.buffer).setInt32(8 + 4 * 7, odd);
      await Deno.writeFile(`${folder}/odd`, bytes);
      await fails(
        ["train", "--images", images, "--labels", `${folder}/odd`, ...out],
        new RegExp(`odd: a label is ${odd}, expected 0 to 99999`),
      );
    }
  }));

Deno.test("cli: train says what steps f16 leaves out, and counts the time that they take", () =>
  withPictures(async (folder, given) => {
    const small = [...given, "--limit", "32", "--batch", "4", "--epochs", "2"];
    const f16 = ["--model", "mobilenet-v1", "--dtype", "f16", "-o", `${folder}/out`];
    const { code, out, err } = await fewbit(["train", ...small, ...f16]);
    assert.equal(code, 0, err);
    // Gradients of many norms one behind the other, times 2^16, are beyond f16 at first.
    const [, rate, leftOut] =
      /epoch 1 of 2: .* (\d+) pictures\/s, \d+ s left, (\d) steps left out/.exec(out) ?? [];
    assert.ok(Number(rate) > 0 && Number(leftOut) > 0, out);
  }));

Deno.test("cli: train has a class for every label, of pictures that are held out, too", () =>
  withPictures(async (folder, given) => {
    const others = Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES + 2);
    await Deno.writeFile(`${folder}/others`, idx([COUNT], others));
    const test = ["--test-images", given[1], "--test-labels", `${folder}/others`];
    const output = `${folder}/out`;
    const args = ["train", ...given, ...test, "--epochs", "1", "-o", output];
    assert.equal((await fewbit(args)).code, 0);
    const { labels } = decodePictureFacts(decodeCheckpoint(await Deno.readFile(output)).metadata!);
    assert.deepEqual(labels, Array.from({ length: CLASSES + 2 }, (_, i) => String(i)));
  }));
