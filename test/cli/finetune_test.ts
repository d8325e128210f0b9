/** `fewbit finetune`: it teaches a trained network other classes, a part of it, goes on after Ctrl-C, and refuses. */
import assert from "node:assert/strict";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import type { Tensor } from "../../src/tensor.ts";
import { fails, fewbit, interrupted } from "./_fewbit.ts";
import { CLASSES, COUNT, idx, withPictures } from "./_pictures.ts";

const SETTINGS = ["--batch", "12", "--epochs", "2"];

/** Runs with a network that was taught four classes, and labels of the same pictures for two. */
function withTrained(
  run: (
    given: { folder: string; base: string; pictures: string[]; others: string[] },
  ) => Promise<void>,
): Promise<void> {
  return withPictures(async (folder, pictures) => {
    const base = `${folder}/base.safetensors`;
    const { code, err } = await fewbit(
      ["train", ...pictures, ...SETTINGS, "--rate", "0.05", "-o", base],
    );
    assert.equal(code, 0, err);
    const halves = Uint8Array.from({ length: COUNT }, (_, i) => Number(i % CLASSES > 1));
    await Deno.writeFile(`${folder}/halves`, idx([COUNT], halves));
    const others = ["--images", `${folder}/images`, "--labels", `${folder}/halves`];
    await run({ folder, base, pictures, others });
  });
}

async function tensorsOf(path: string): Promise<ReadonlyMap<string, Tensor>> {
  return readSafetensors(await Deno.readFile(path));
}

/** Names of tensors that two files have with other elements. */
function changed(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): string[] {
  return [...a].filter(([name, { data }]) => b.has(name) && `${b.get(name)!.data}` !== `${data}`)
    .map(([name]) => name);
}

Deno.test("cli: finetune teaches other classes with a new head and adapters, which are a file, too", () =>
  withTrained(async ({ folder, base, others }) => {
    const [output, adapters] = [`${folder}/tuned.safetensors`, `${folder}/halves.adapters`];
    const { code, out, err } = await fewbit([
      ...["finetune", base, ...others, "--batch", "12", "--epochs", "4", "--rate", "0.01"],
      ...["--only", "lora:2", "--adapters", adapters, "-o", output],
    ]);
    assert.equal(code, 0, err);
    assert.match(out, /^ds-cnn, lora:2, a new head: 180 pictures, 20 held out, 60 steps of 12, /);
    const [, percent] = /tuned\.safetensors: ([\d.]+) % of 20, /.exec(out) ?? [];
    assert.ok(Number(percent) >= 80, out);
    const [before, after, file] = [
      await tensorsOf(base),
      await tensorsOf(output),
      await tensorsOf(adapters),
    ];
    assert.deepEqual(after.get("fc.weight")?.shape, [2, 64]);
    assert.deepEqual(after.get("pw1.lora_A.weight")?.shape, [2, 1, 1, 64]);
    // But for the head, what the network had stays as it was.
    assert.ok(changed(before, after).every((name) => /^(fc|train)\./.test(name)));
    assert.deepEqual(
      [...file.keys()].filter((name) => !name.includes("lora_")),
      ["fc.bias", "fc.weight"].filter((name) => file.has(name)),
    );
    assert.equal([...file.keys()].filter((name) => name.includes("lora_")).length, 10);

    // The checkpoint, and the first one with the file, are the same network.
    const evaluated = await fewbit(["eval", output, ...others, "--json"]);
    const accuracy = JSON.parse(evaluated.out).model.top1;
    assert.ok(accuracy > 0.8, evaluated.out);
    const picture = new URL("../../examples/fashion/018-bag.png", import.meta.url).pathname;
    const classified = async (...args: string[]) => {
      const { out, err } = await fewbit(["classify", picture, "--json", ...args]);
      assert.ok(out !== "", err);
      const { top, logits_f32_sha256: logits } = JSON.parse(out);
      return { top, logits };
    };
    const own = await classified("--model", output);
    assert.deepEqual(own.top.map(({ label }: { label: string }) => label).sort(), ["0", "1"]);
    assert.deepEqual(await classified("--model", base, "--adapters", adapters), own);

    const apart = await fewbit(["eval", base, "--adapters", adapters, ...others, "--json"]);
    assert.equal(JSON.parse(apart.out).model.top1, accuracy);

    // Merged, they are one network without adapters.
    const exported = `${folder}/weights.safetensors`;
    const made = await fewbit(["export", base, "--adapters", adapters, "-o", exported]);
    assert.equal(made.code, 0, made.err);
    const whole = `${folder}/whole.safetensors`;
    assert.equal((await fewbit(["export", output, "-o", whole])).code, 0);
    assert.deepEqual(await Deno.readFile(exported), await Deno.readFile(whole));
    const weights = await tensorsOf(exported);
    assert.ok(![...weights.keys()].some((name) => name.includes("lora")));
    assert.deepEqual(changed(await tensorsOf(base), weights).filter((name) => /dw/.test(name)), []);
    await fails(["classify", picture, "--model", output, "--adapters", base], /it has none/);
    await fails(["classify", picture, "--adapters", adapters], /goes with a checkpoint/);
    // Beside other weights they would be nonsense.
    await fails(["export", output, "--adapters", adapters, "-o", exported], /other weights/);
  }));

Deno.test("cli: finetune goes on after Ctrl-C, to the bits of a run that was not stopped", () =>
  withTrained(async ({ folder, base, pictures }) => {
    const args = (name: string) => [
      ...["finetune", base, ...pictures, "--batch", "4", "--epochs", "8"],
      ...["--only", "lora:2,norm", "-o", `${folder}/${name}`],
    ];
    assert.equal((await fewbit(args("whole"))).code, 0);
    await interrupted(args("stopped"), "epoch 2");
    const resumed = await fewbit([...args("stopped"), "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    for (const end of ["", ".last"]) {
      const [stopped, whole] = await Promise.all(
        ["stopped", "whole"].map((name) => Deno.readFile(`${folder}/${name}${end}`)),
      );
      assert.deepEqual(stopped, whole, end);
    }
  }));

Deno.test("cli: finetune takes weights that export wrote, by their names", () =>
  withTrained(async ({ folder, base, pictures }) => {
    const weights = `${folder}/weights.safetensors`;
    assert.equal((await fewbit(["export", base, "-o", weights])).code, 0);
    const output = `${folder}/tuned.safetensors`;
    const { code, out, err } = await fewbit(
      ["finetune", weights, ...pictures, ...SETTINGS, "--only", "head,blocks:4", "-o", output],
    );
    assert.equal(code, 0, err);
    assert.match(out, /^ds-cnn, head,blocks:4, a new head: /);
    const differences = changed(await tensorsOf(base), await tensorsOf(output));
    assert.ok(differences.includes("pw4.weight") && differences.includes("fc.weight"));
    assert.ok(!differences.includes("pw3.weight") && !differences.includes("conv0.weight"));
  }));

Deno.test("cli: finetune refuses what it cannot begin with, train, or write", () =>
  withTrained(async ({ folder, base, pictures, others }) => {
    const out = ["-o", `${folder}/out`];
    const tune = (...args: string[]) => ["finetune", base, ...pictures, ...out, ...args];
    await fails(tune("--only", "hed"), /"hed" is no selection; there are head, bias, norm/);
    await fails(tune("--only", "blocks:9"), /"blocks:9" selects nothing; .* conv0\.weight, /);
    await fails(tune("--adapters", `${folder}/a`), /--adapters goes with --only lora:8/);
    await fails(tune("--only", "lora:2", "--adapters", base), /which is read/);
    await fails(tune("--only", "lora:2", "--adapters", pictures[1]), /which is read/);
    await fails(tune("--only", "lora:2", "--adapters", `${folder}/out.last`), /twice/);
    await fails(tune("--rate", "1e30", "--optimizer", "sgd"), /loss of step \d+ is (NaN|Infinity)/);
    await fails(tune("--resume"), /out\.last/);
    await fails(["finetune", base, ...pictures, "-o", base], /which is read/);
    const damaged = await Deno.readFile(base);
    damaged[damaged.length - 1] ^= 1;
    const path = `${folder}/damaged.safetensors`;
    await Deno.writeFile(path, damaged);
    await fails(
      ["finetune", path, ...pictures, ...out],
      /damaged\.safetensors: .*checksum is wrong/,
    );
    await fails(["finetune", `${folder}/images`, ...pictures, ...out], /images: /);
    await fails(["finetune", `${folder}/none`, ...pictures, ...out], /none/);
    // Another selection's checkpoint is another program's.
    assert.equal((await fewbit(tune("--batch", "12", "--epochs", "1"))).code, 0);
    await fails(
      tune("--batch", "12", "--only", "norm", "--resume"),
      /out: it is another program's, with only head \(now norm\), schedule\.warmup 1 \(now 5\)/,
    );
    // A class that no picture has counts, and a label without a class does not pass.
    const { out: said } = await fewbit([
      ...["finetune", base, ...others, ...SETTINGS, "--limit", "120", "--json"],
      ...["-o", `${folder}/two`],
    ]);
    assert.deepEqual(said.trim().split("\n").length, 3, said);
  }));
