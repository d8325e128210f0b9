/** `fewbit convert` on folders of MatMul-free language models. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { buildSeeded } from "../golden/seeded.ts";
import { compileHgrn, configOf, layoutHgrn, runBatch } from "../models/_hgrn.ts";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;
const SIZES = { vocabulary: 300, width: 32, depth: 2, hidden: 64 };
const CONFIG = configOf(SIZES);
const WEIGHTS = buildSeeded(layoutHgrn(SIZES), 5);

async function fewbit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", CLI, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function withCheckpoint(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(CONFIG));
    await Deno.writeFile(`${folder}/model.safetensors`, writeSafetensors(WEIGHTS));
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("cli: convert a MatMul-free model; inspect shows its instructions", () =>
  withCheckpoint(async (folder) => {
    const model = `${folder}/model.fewbit`;
    const { code, err } = await fewbit("convert", folder, "-o", model);
    assert.equal(code, 0, err);
    const file = await Deno.readFile(model);
    assert.deepEqual(file, await compileHgrn(WEIGHTS, CONFIG));
    using instance = await load(file);
    assert.equal(instance.program.metadata.task, "text-generation");
    assert.deepEqual(runBatch(instance, { sequences: [[7]] }).logits.shape, [1, 300]);
    const { out } = await fewbit("inspect", model);
    for (const name of ["linear_ternary", "hgrn_scan_f32", "logits f32[rows, 300]"]) {
      assert.ok(out.includes(name), `${name} in\n${out}`);
    }
  }));

Deno.test("cli: a MatMul-free model that cannot be converted leaves the file that was there", () =>
  withCheckpoint(async (folder) => {
    const [weights] = [...WEIGHTS].filter(([name]) => name === "lm_head.weight");
    const damaged = new Float32Array(weights[1].data as Float32Array);
    damaged[17] = NaN;
    const tensors = new Map(WEIGHTS).set(weights[0], {
      ...weights[1],
      dtype: "f32",
      data: damaged,
    });
    await Deno.writeFile(`${folder}/model.safetensors`, writeSafetensors(tensors));
    const model = `${folder}/model.fewbit`;
    await Deno.writeTextFile(model, "what was there");
    const { code, err } = await fewbit("convert", folder, "-o", model);
    assert.equal(code, 1);
    assert.match(err, /lm_head\.weight.*NaN/);
    assert.equal(err.trim().split("\n").length, 1, err);
    assert.equal(await Deno.readTextFile(model), "what was there");
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["config.json", "model.fewbit", "model.safetensors"]);
  }));

Deno.test("cli: a folder of another model names what convert takes", () =>
  withCheckpoint(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, '{"model_type":"vit"}');
    const { code, err } = await fewbit("convert", folder, "-o", `${folder}/model.fewbit`);
    assert.equal(code, 1);
    assert.match(err, /expected HGRNBitForCausalLM/);
  }));
