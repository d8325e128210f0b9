/** `fewbit quantize` of what `fewbit train` taught: a vision transformer becomes integers, a CNN is refused by its op. */
import assert from "node:assert/strict";
import { fails, fewbit } from "./_fewbit.ts";
import { withPictures } from "./_pictures.ts";

Deno.test("cli: quantize makes integers of a trained vit that know as much, and says what it cannot", () =>
  withPictures(async (folder, given) => {
    const [trained, integers] = [`${folder}/vit.safetensors`, `${folder}/vit.fewbit`];
    const taught = await fewbit([
      ...["train", "--model", "vit", ...given, "--epochs", "4", "--batch", "12"],
      ...["--average", "0.8", "-o", trained],
    ]);
    assert.equal(taught.code, 0, taught.err);
    const images = ["--images", given[1]];
    const made = await fewbit(
      ["quantize", trained, ...images, "--limit", "64", "-o", integers, "--json"],
    );
    assert.equal(made.code, 0, made.err);
    assert.deepEqual(JSON.parse(made.out).images, 64);
    const results = [];
    for (const model of [trained, integers]) {
      const { out, err } = await fewbit(["eval", model, ...given, "--json"]);
      assert.ok(out !== "", err);
      results.push(JSON.parse(out).model);
    }
    const [float, integer] = results;
    assert.equal(float.engine, "wasm-train");
    assert.match(integer.engine, /^wasm-(simd|relaxed)$/);
    assert.ok(float.top1 >= 0.9, `${float.top1}`);
    assert.ok(Math.abs(float.top1 - integer.top1) <= 0.02, `${float.top1} and ${integer.top1}`);
    // Its classes and how pictures are read went along.
    const boot = new URL("../../examples/fashion/000-ankle-boot.png", import.meta.url).pathname;
    const { out } = await fewbit(["classify", boot, "--model", integers, "--json"]);
    assert.deepEqual(
      JSON.parse(out).top.map(({ label }: { label: string }) => label).sort(),
      ["0", "1", "2", "3"],
    );

    // Adapters beside it are the same network as the checkpoint that has them.
    const [tuned, adapters] = [`${folder}/tuned.safetensors`, `${folder}/small`];
    const adapted = await fewbit([
      ...["finetune", trained, ...given, "--epochs", "1", "--batch", "12", "--only", "lora:2"],
      ...["--adapters", adapters, "-o", tuned],
    ]);
    assert.equal(adapted.code, 0, adapted.err);
    const [one, two] = [`${folder}/one.fewbit`, `${folder}/two.fewbit`];
    const few = [...images, "--limit", "8"];
    assert.equal((await fewbit(["quantize", tuned, ...few, "-o", one])).code, 0);
    const args = ["quantize", trained, "--adapters", adapters, ...few, "-o", two];
    assert.equal((await fewbit(args)).code, 0);
    assert.deepEqual(await Deno.readFile(two), await Deno.readFile(one));

    const target = ["-o", `${folder}/x.fewbit`];
    await fails(["quantize", trained, ...images, "--down", "12", ...target], /--down does not go/);
    await fails(["quantize", folder, "--adapters", adapters, ...target], /--adapters goes with/);
    await fails(["quantize", trained, ...target], /give --images, pictures like those/);
    await fails(["quantize", trained, "--calibration", given[1], ...target], /give --images/);
    const weights = `${folder}/weights.safetensors`;
    assert.equal((await fewbit(["export", trained, "-o", weights])).code, 0);
    await fails(["quantize", weights, ...images, ...target], /weights\.safetensors: .* checkpoint/);
    for (const network of ["ds-cnn", "resnet8", "mobilenet-v1"]) {
      const cnn = `${folder}/${network}.safetensors`;
      const args = ["train", "--model", network, ...given, "--limit", "20", "--epochs", "1"];
      const { code, err } = await fewbit([...args, "--batch", "4", "-o", cnn]);
      assert.equal(code, 0, err);
      await fails(
        ["quantize", cnn, ...images, ...target],
        new RegExp(`Cannot quantise a ${network}: its op Conv has no integers`),
      );
    }
  }));

Deno.test("cli: quantize calibrates what was taught with the sample that ships on that", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const trained = `${folder}/vit.safetensors`;
    const args = ["train", "--model", "vit", "--limit", "32", "--epochs", "1", "-o", trained];
    assert.equal((await fewbit(args)).code, 0);
    const { code, out, err } = await fewbit(
      ["quantize", trained, "--limit", "8", "-o", `${folder}/model.fewbit`, "--json"],
    );
    assert.equal(code, 0, err);
    assert.equal(JSON.parse(out).images, 8);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
