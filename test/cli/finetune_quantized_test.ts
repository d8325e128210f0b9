/** `fewbit finetune --quantized`: integers come out that know the pictures; it goes on after Ctrl-C, and refuses. */
import assert from "node:assert/strict";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Tensor } from "../../src/tensor.ts";
import { folder as smallVit } from "../training/_small_vit.ts";
import { fails, fewbit, interrupted } from "./_fewbit.ts";
import { idx, withPictures } from "./_pictures.ts";

const SETTINGS = ["--quantized", "shift", "--batch", "20", "--rate", "0.002"];

/** Writes a folder as timm does, of a small network for pictures of 8 × 8. */
async function writeVit(path: string, change: (all: Map<string, Tensor>) => void = () => {}) {
  const { config, weights } = smallVit();
  change(weights);
  const cfg = { input_size: [1, 8, 8], mean: [0.5], std: [0.25], interpolation: "bilinear" };
  await Deno.mkdir(path);
  await Deno.writeTextFile(
    `${path}/config.json`,
    JSON.stringify({ ...config, pretrained_cfg: { ...cfg, crop_pct: 1 } }),
  );
  await Deno.writeFile(`${path}/model.safetensors`, writeSafetensors(weights));
}

async function names(path: string): Promise<string[]> {
  const all = await Array.fromAsync(Deno.readDir(path));
  return all.map(({ name }) => name).sort();
}

Deno.test("cli: finetune --quantized writes integers that know as much as it says, and goes on after Ctrl-C", () =>
  withPictures(async (folder, given) => {
    const base = `${folder}/vit.safetensors`;
    const taught = await fewbit([
      ...["train", "--model", "vit", ...given, "--epochs", "3", "--batch", "12", "-o", base],
    ]);
    assert.equal(taught.code, 0, taught.err);
    const args = ["finetune", base, ...given, ...SETTINGS, "--epochs", "3"];
    const whole = `${folder}/whole.fewbit`;
    const { code, out, err } = await fewbit([...args, "-o", whole, "--json"]);
    assert.equal(code, 0, err);
    const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.slice(0, 3).map(({ epoch }) => epoch), [1, 2, 3]);
    const { output, accuracy, curve } = lines[3];
    assert.equal(accuracy, Math.max(...lines.slice(0, 3).map(({ accuracy }) => accuracy)));
    assert.deepEqual([output, curve], [whole, `${folder}/whole.svg`]);
    assert.ok(accuracy >= 0.9, out);

    // The last tenth of the pictures was held out, and integers know so many of them, without what trains.
    const heldOut = await Deno.readFile(given[1]);
    const [labels, size] = [await Deno.readFile(given[3]), 12 * 12];
    await Deno.writeFile(`${folder}/x`, idx([20, 12, 12], heldOut.subarray(16 + 180 * size)));
    await Deno.writeFile(`${folder}/y`, idx([20], labels.subarray(8 + 180)));
    const evaluated = await fewbit(
      ["eval", whole, "--images", `${folder}/x`, "--labels", `${folder}/y`, "--json"],
    );
    const { model } = JSON.parse(evaluated.out);
    assert.match(model.engine, /^wasm-(simd|relaxed)$/);
    assert.equal(model.top1, accuracy);

    const stopped = `${folder}/stopped.fewbit`;
    await interrupted([...args, "-o", stopped], "epoch 1");
    // What was learned is kept, and nothing is half written.
    const kept = ["stopped.fewbit", "stopped.fewbit.last", "stopped.svg"];
    const found = (await names(folder)).filter((name) => name.startsWith("stopped"));
    assert.ok(found.includes(kept[1]) && found.every((name) => kept.includes(name)), `${found}`);
    const resumed = await fewbit([...args, "-o", stopped, "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    assert.match(resumed.out, /^vit, integers: 180 pictures, 20 held out, 27 steps of 20, /);
    // What memory is for, before the first step.
    assert.match(resumed.out, /\n +[\d.]+ kB {2}gradients of parameters\n/);
    for (const end of ["", ".last"]) {
      assert.deepEqual(await Deno.readFile(stopped + end), await Deno.readFile(whole + end), end);
    }
    const other = [...args, "--seed", "2", "-o", stopped, "--resume"];
    await fails(other, /stopped\.fewbit\.last: .*another program's, with seed 1 \(now 2\)/);
    await Deno.truncate(`${stopped}.last`, 1000);
    await fails([...args, "-o", stopped, "--resume"], /stopped\.fewbit\.last/);
    assert.deepEqual(await Deno.readFile(stopped), await Deno.readFile(whole));
  }));

Deno.test("cli: finetune --quantized takes a folder of timm, and says what it cannot do before it writes", () =>
  withPictures(async (folder, given) => {
    const at = (name: string): string => `${folder}/${name}`;
    await writeVit(at("small"));
    await writeVit(at("broken"), (all) => (all.get("head.weight")!.data as Float32Array).fill(NaN));
    await writeVit(at("pooled"));
    const config = JSON.parse(await Deno.readTextFile(at("pooled/config.json")));
    config.model_args.global_pool = "avg";
    await Deno.writeTextFile(at("pooled/config.json"), JSON.stringify(config));
    // Three classes, as the network has.
    const labels = (await Deno.readFile(given[3])).map((label, i) => i < 8 ? label : label % 3);
    await Deno.writeFile(at("three"), labels);
    await Deno.mkdir(at("out"));
    const target = ["-o", at("out/model.fewbit")];
    const three = ["--images", given[1], "--labels", at("three"), "--limit", "50"];
    const run = (checkpoint: string, ...more: string[]): string[] => [
      ...["finetune", at(checkpoint), "--epochs", "1", ...target],
      // Options are given once.
      ...SETTINGS.filter((_, i) => !more.includes(SETTINGS[i - i % 2])),
      ...more,
    ];
    const cnn = ["train", ...given, "--limit", "20", "--epochs", "1", "--batch", "4"];
    assert.equal((await fewbit([...cnn, "-o", at("cnn")])).code, 0);
    const refused: readonly [string[], RegExp][] = [
      [run("small", ...given), /pictures have 4 classes, the checkpoint has 3/],
      [run("broken", ...three), /broken: .*"head\.weight" has a value of NaN/],
      [run("pooled", ...three), /no plain ViT, its classes do not come from one token/],
      [run("out", ...three), /has no config\.json/],
      [run("nowhere", ...three), /nowhere/],
      [run("cnn", ...given), /Cannot quantise a ds-cnn: its op Conv has no integers/],
      [run("small", ...three, "--quantized", "table"), /--quantized is "table", expected shift/],
      [run("small", ...three, "--only", "bias"), /--only does not go with --quantized/],
      [run("small", ...three, "--memory", "2MB"), /--memory does not go with --quantized/],
      [run("small", ...three, "--sums", "16"), /--sums does not go with --quantized/],
      [run("small", ...three, "--batch", "64"), /45 examples are no batch of 64/],
      [run("small", ...three, "--resume"), /model\.fewbit\.last/],
      [["finetune", at("small"), ...three, ...target], /it is a folder; .* --quantized shift/],
    ];
    for (const [args, message] of refused) await fails(args, message);
    assert.deepEqual(await names(at("out")), []);
    const { code, out, err } = await fewbit(run("small", ...three, "--augment"));
    assert.equal(code, 0, err);
    assert.match(out, /^vit, integers: 45 pictures, 5 held out, 2 steps of 20, /);
    const picture = new URL("../../examples/fashion/018-bag.png", import.meta.url).pathname;
    const classified = await fewbit(["classify", picture, "--model", target[1], "--json"]);
    assert.equal(JSON.parse(classified.out).top.length, 3);
  }));
