/**
 * Steps of the stage end to end on SmolLM2-135M-Instruct, W8A8, by one thread and by two, in turns:
 *
 *     deno run -A bench/smollm2/learning_threads.ts wiki.test.raw 3
 *
 * A step has two windows of 256 tokens, of which two threads take one each.
 */
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { learnIntegerText } from "../../src/compile/end_to_end/learn_text.ts";
import { LearningThread } from "../../src/compile/end_to_end/learning_thread.ts";
import { readDecoderParams } from "../../src/quantize/decoder_params.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";

const [path, rounds = "3"] = Deno.args;
/** Ids of a window, windows, and steps, of which the first makes the programs. */
const [LENGTH, WINDOWS, STEPS] = [256, 4, 3];

const checkpoint = await openTextCheckpoint(
  `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`,
);
const params = readDecoderParams(
  await Deno.readTextFile(new URL("../../models/smollm2-w8a8.params.json", import.meta.url)),
);
const { ids } = Tokenizer.fromJson(checkpoint.tokenizer!, checkpoint.tokenizerConfig)
  .encode(await Deno.readTextFile(path), { addSpecialTokens: false });
const window = (_: unknown, i: number): number[] =>
  Array.from(ids.slice(4096 * i, 4096 * i + LENGTH));
const windows = Array.from({ length: WINDOWS + 1 }, window);

/** Seconds of each step behind the first. */
async function run(threads: number): Promise<number[]> {
  const worker = threads === 1
    ? undefined
    : new Worker(new URL("learning_worker.ts", import.meta.url), { type: "module" });
  using thread = worker && await LearningThread.open(worker);
  if (threads > 1 && thread === undefined) throw new Error("The worker does not answer");
  const times: number[] = [];
  let start = performance.now();
  await learnIntegerText(checkpoint, params, {
    bits: "w8a8",
    windows: windows.slice(0, WINDOWS),
    validation: windows.slice(WINDOWS),
    batch: 2,
    steps: STEPS,
    threads: thread ? [thread] : [],
    onProgress: ({ part }) => {
      const now = performance.now();
      if (part === "step") times.push((now - start) / 1000);
      start = now;
    },
  });
  worker?.terminate();
  return times.slice(1);
}

for (let round = 1; round <= Number(rounds); round++) {
  for (const threads of [1, 2]) {
    const shown = (await run(threads)).map((seconds) => seconds.toFixed(1)).join(", ");
    console.log(`round ${round}, ${threads} thread${threads > 1 ? "s" : ""}: ${shown} s a step`);
  }
}
