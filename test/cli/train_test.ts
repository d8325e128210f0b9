/** `fewbit train`: it learns, and after Ctrl-C goes on to the same bits. */
import assert from "node:assert/strict";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { Random } from "../conformance/_random.ts";
import { fails, fewbit, start } from "./_fewbit.ts";

const [COUNT, SIDE, CLASSES] = [200, 12, 4];

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** Pictures with a bright band, which is where their label says, in a folder of their own. */
async function withPictures(
  run: (folder: string, given: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const random = new Random(8);
    const labels = Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES);
    const pixels = Uint8Array.from({ length: COUNT * SIDE * SIDE }, (_, i) => {
      const row = Math.floor(i / SIDE) % SIDE;
      const isBright = Math.floor(row / 3) === labels[Math.floor(i / (SIDE * SIDE))];
      return random.integer(0, 80) + (isBright ? 170 : 0);
    });
    await Deno.writeFile(`${folder}/images`, idx([COUNT, SIDE, SIDE], pixels));
    await Deno.writeFile(`${folder}/labels`, idx([COUNT], labels));
    await run(folder, ["--images", `${folder}/images`, "--labels", `${folder}/labels`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const SETTINGS = ["--batch", "12", "--rate", "0.05"];

Deno.test("cli: train learns, and says how well", () =>
  withPictures(async (folder, given) => {
    const output = `${folder}/out.safetensors`;
    const args = ["train", ...given, ...SETTINGS, "--epochs", "4", "-o", output];
    const { code, out, err } = await fewbit(args);
    assert.equal(code, 0, err);
    assert.match(out, /^60 steps of 12, /);
    const [, percent] = /: ([\d.]+) %\n$/.exec(out) ?? [];
    assert.ok(Number(percent) >= 90, out);
    const tensors = readSafetensors(await Deno.readFile(output));
    assert.deepEqual(tensors.get("fc.weight")?.shape, [CLASSES, 64]);
  }));

Deno.test("cli: train goes on after Ctrl-C, to the bits of a run that was not stopped", () =>
  withPictures(async (folder, given) => {
    const args = (
      name: string,
    ) => ["train", ...given, ...SETTINGS, "--epochs", "12", "-o", `${folder}/${name}`];
    assert.equal((await fewbit(args("whole"))).code, 0);
    const child = start(args("stopped"));
    const reader = child.stdout.getReader();
    const decoder = new TextDecoder();
    for (let text = ""; !text.includes("epoch 2");) {
      const { value, done } = await reader.read();
      assert.ok(!done, text);
      text += decoder.decode(value);
    }
    child.kill("SIGINT");
    while (!(await reader.read()).done);
    await child.stdin.close();
    await child.stderr.cancel();
    assert.equal((await child.status).code, 130);
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
    assert.equal(out.split("\n").at(-2), whole.out.split("\n").at(-2));
    assert.deepEqual(await Deno.readFile(output), best);
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
  }));
