/** `fewbit inspect --learning`: the programs that learn, as they are loaded, and what those of SmolLM2 take. */
import assert from "node:assert/strict";
import { fewbit } from "../cli/_fewbit.ts";
import { writeTinyLlama } from "../cli/_tiny_llama.ts";
import { withFolder } from "../files/_temporary.ts";
import { previewStudent } from "../../src/compile/end_to_end/preview_student.ts";
import { openProgram } from "../../src/inspect/open.ts";
import { summarize } from "../../src/inspect/summary.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { configOf } from "../models/_llama.ts";

const SMOLLM2 = configOf({
  vocabulary: 49_152,
  depth: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  hidden: 1536,
  width: 576,
  tied: true,
  context: 2048,
});

async function bytesOf(program: CompiledProgram): Promise<Readonly<Record<string, number>>> {
  const { head, verified } = openProgram(await encodeProgram(program));
  return summarize(head, verified).regions;
}

const sum = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((a, b) => a + b, 0);

Deno.test("beside its matrices a student of SmolLM2 takes less than 100 MB at 256 tokens", async () => {
  const config = llamaConfig(SMOLLM2);
  const { block, head } = previewStudent(config, 256);
  const [own, ahead] = [await bytesOf(block), await bytesOf(head)];
  const { width, vocabularySize, depth } = config;
  // The head's table and what turns the residual back, in float32, once.
  const matrices = 4 * (vocabularySize * width + width * width);
  assert.ok(ahead.state >= matrices && ahead.state < matrices + 1024);
  const streams = (depth + 1) * 256 * width * 4;
  const beside = sum(own) + sum(ahead) - ahead.state + streams;
  assert.ok(beside > 85e6 && beside < 100e6, `${beside}`);
  // What is kept of a block grows with the tokens, what is kept of the head does not.
  const longer = previewStudent(config, 512);
  assert.ok(sum(await bytesOf(longer.block)) > 1.7 * sum(own));
  assert.equal(sum(await bytesOf(longer.head)), sum(ahead));
});

Deno.test("cli: inspect --learning shows both programs, and refuses what does not go with it", async () => {
  await withFolder(async (folder) => {
    const model = `${folder}/tiny.bin`;
    await writeTinyLlama(model, `${folder}/tok261.bin`);
    const { code, out, err } = await fewbit(["inspect", model, "--learning", "16"]);
    assert.equal(code, 0, err);
    assert.match(
      out,
      /^block\n[^]*entry {4}backward[^]*gradient\.row\.down[^]*\nhead\n[^]*entry {4}loss/,
    );
    const json = JSON.parse((await fewbit(["inspect", model, "--learning", "16", "--json"])).out);
    assert.deepEqual(Object.keys(json), ["block", "head"]);
    assert.ok(json.block.regions.arena > 0);
    const wrong = await fewbit(["inspect", model, "--learning", "16", "--time"]);
    assert.match(wrong.err, /Option --time does not go with --learning/);
  });
});
