/** Modules that hold some of the instructions: their size, their results, and what they refuse. */
import assert from "node:assert/strict";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { fromModule } from "../../src/engines/wasm/module.ts";
import type { Build } from "../../src/engines/wasm/module.ts";
import { FewbitError } from "../../src/errors.ts";
import { FAMILIES, INFERENCE_INSTRUCTIONS } from "../../src/instructions/mod.ts";
import type { InstructionSpec } from "../../src/instructions/mod.ts";
import { ProgramError, VERDICTS } from "../../src/program/verdict.ts";
import {
  buildModule,
  instructionsOfFamilies,
  instructionsOfPrograms,
} from "../../tools/_build_module.ts";
import { mutate, random, repairChecksums } from "../program/_mutate.ts";
import { files } from "../program/_build.ts";
import { verdictOfTypeScript, verdictOfWasm } from "../program/_verdict.ts";

const read = (name: string): Uint8Array<ArrayBuffer> =>
  Deno.readFileSync(new URL(`../../models/${name}.fewbit`, import.meta.url));

const VIT = read("vit-fashion-mnist");
const LANGUAGE = read("hgrn-shakespeare");

/** A module of exactly these instructions, which has passed its self-test. */
async function moduleOf(
  instructions: readonly InstructionSpec[],
): Promise<{ bytes: number; build: Build; names: ReadonlySet<string> }> {
  const wasm = await buildModule(instructions);
  const build = fromModule(new WebAssembly.Module(wasm));
  return { bytes: wasm.length, build, names: new Set(instructions.map(({ name }) => name)) };
}

const exact = {
  vit: await moduleOf(instructionsOfPrograms([VIT])),
  language: await moduleOf(instructionsOfPrograms([LANGUAGE])),
};

/** Results of one run of the shipped image classifier. */
async function classify(build: Build | "simd"): Promise<unknown> {
  using instance = await loadWasm(VIT, { build, symbols: { max_batch: 2 } });
  const pixels = Uint8Array.from({ length: 2 * 784 }, (_, i) => i * i * 7 & 255);
  return instance.runSync({ pixels });
}

/** Results of a prompt and of one more token of the shipped language model. */
async function readOn(build: Build | "simd"): Promise<unknown> {
  using instance = await loadWasm(LANGUAGE, { build });
  const ids = Int32Array.from({ length: 24 }, (_, i) => i * 37 % 1024);
  const run = (ids: Int32Array, past: number) =>
    instance.runSync({
      ids,
      offsets: Int32Array.of(0, ids.length),
      slot: Int32Array.of(0),
      past: Int32Array.of(past),
      rows: Int32Array.of(ids.length - 1),
    });
  return [structuredClone(run(ids, 0)), run(Int32Array.of(5), ids.length)];
}

Deno.test("wasm: a module of the image classifier's instructions has at most 55 kB and its bits", async () => {
  console.log(`${exact.vit.names.size} instructions, ${exact.vit.bytes} bytes`);
  assert.ok(exact.vit.bytes <= 55_000, `${exact.vit.bytes} bytes`);
  assert.deepEqual(await classify(exact.vit.build), await classify("simd"));
});

Deno.test("wasm: a module of the language model's instructions has at most 40 kB and its bits", async () => {
  console.log(`${exact.language.names.size} instructions, ${exact.language.bytes} bytes`);
  assert.ok(exact.language.bytes <= 40_000, `${exact.language.bytes} bytes`);
  assert.deepEqual(await readOn(exact.language.build), await readOn("simd"));
});

Deno.test("wasm: a module refuses the other model by name, before it plans memory", async () => {
  for (const [file, { build, names }] of [[VIT, exact.language], [LANGUAGE, exact.vit]] as const) {
    await assert.rejects(loadWasm(file, { build }), (error: unknown) => {
      assert.ok(error instanceof ProgramError && error instanceof FewbitError);
      assert.equal(error.verdict, "unsupported_instruction");
      assert.equal(error.code, "unsupported");
      return true;
    });
    const { verdict } = verdictOfTypeScript(file, { instructions: names });
    assert.equal(verdict, VERDICTS.unsupported_instruction);
    assert.equal(verdictOfTypeScript(file).verdict, VERDICTS.ok);
  }
});

Deno.test("wasm: a smaller module and TypeScript with its set give 600 mutants the same verdicts", async () => {
  const next = random(41);
  const seeds = [...Object.values(await files()), LANGUAGE, VIT];
  const counts = new Map<number, number>();
  const { build: { module }, names } = exact.language;
  for (let i = 0; i < 600; i++) {
    const bytes = mutate(seeds[i % seeds.length], next);
    repairChecksums(bytes);
    const { verdict, loaded } = verdictOfTypeScript(bytes, { instructions: names });
    const look = loaded ? () => {} : undefined;
    assert.equal(verdictOfWasm(bytes, {}, look, module), verdict, `mutant ${i}`);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  console.log(`${counts.get(VERDICTS.unsupported_instruction)} of 600 refused for an instruction`);
  assert.ok(counts.get(VERDICTS.unsupported_instruction)! > 100);
  assert.ok(counts.size > 3);
});

Deno.test("wasm: families are those of all instructions, and a module of one is smaller than all", async () => {
  const inference = FAMILIES.filter((family) => family !== "train");
  assert.deepEqual(instructionsOfFamilies(inference), INFERENCE_INSTRUCTIONS);
  const whole = Deno.statSync(new URL("../../wasm/fewbit.simd.wasm", import.meta.url)).size;
  for (
    const families of [["core", "vision"], ["core", "encoder"], ["core", "language"], ["float"]]
  ) {
    const { bytes, names } = await moduleOf(instructionsOfFamilies(families));
    console.log(`${families.join(" + ")}: ${names.size} instructions, ${bytes} bytes`);
    assert.ok(bytes < 0.8 * whole, families.join());
  }
  assert.throws(() => instructionsOfFamilies(["audio"]), /no family audio/);
});
