/** stories260K: ranges and weights of 4 bits have the same bits, however many threads calibrate. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  parametersOfRanges,
  roundIntegerText,
} from "../../src/compile/integer_text.ts";
import { CalibrationThread } from "../../src/quantize/calibration_thread.ts";
import { writeDecoderParams } from "../../src/quantize/decoder_params.ts";
import { writeRounded } from "../../src/quantize/rounded_weights.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const STORIES = `${SHARED}/data/stories260K/stories260K.bin`;

/** Parameters and rounded blocks as text. */
async function made(rotate: boolean, threads: readonly CalibrationThread[]): Promise<string[]> {
  const checkpoint = await openTextCheckpoint(STORIES);
  const { ids }: { ids: number[][] } = readJson("golden/llama2c/windows.json");
  const windows = ids.slice(0, 9).map((window) => window.slice(1));
  const ranges = await calibrateTextModel(checkpoint, windows, { rotate, threads });
  const params = parametersOfRanges(checkpoint, ranges, windows);
  const texts = [writeDecoderParams(params)];
  for await (const block of roundIntegerText(checkpoint, params, { bits: "w4a8g32", threads })) {
    texts.push(writeRounded(block));
  }
  return texts;
}

Deno.test({
  name: "stories260K: the same parameters and codes by one thread, two and three",
  ignore: absent(STORIES, `${SHARED}/golden/llama2c`),
  fn: async () => {
    const url = new URL("_calibration_worker.ts", import.meta.url);
    for (const rotate of [false, true]) {
      const alone = await made(rotate, []);
      assert.equal(alone.length, 6);
      for (const count of [1, 2]) {
        const workers = Array.from({ length: count }, () => new Worker(url, { type: "module" }));
        const opened = await Promise.all(workers.map((worker) => CalibrationThread.open(worker)));
        const threads = opened.filter((thread) => thread !== undefined);
        assert.equal(threads.length, count);
        assert.deepEqual(await made(rotate, threads), alone);
        for (const thread of threads) thread[Symbol.dispose]();
        for (const worker of workers) worker.terminate();
      }
    }
  },
});
