/** A tiny model of llama2.c in a folder, with windows of ids, and how to quantise it. */
import type { QuantizeTextArguments } from "../../src/cli/_quantize_text.ts";
import { llama2cFile, llama2cVocabulary } from "../formats/_llama2c_builder.ts";
import { Random } from "../conformance/_random.ts";
import { Stream } from "../golden/seeded.ts";

/** Channels of the residual. */
export const DIM = 16;
/** Blocks. */
export const LAYERS = 3;
const [HIDDEN, HEADS, KV_HEADS, VOCABULARY, CONTEXT] = [12, 2, 1, 40, 32];
const LAYER = 2 * DIM * DIM + DIM * DIM + 3 * HIDDEN * DIM + 2 * DIM;
const FLOATS = VOCABULARY * DIM + LAYERS * LAYER + DIM + CONTEXT * DIM / HEADS;

/**
 * Runs with a folder that is gone afterwards.
 *
 * @param count Windows of ids.
 */
export async function inTinyFolder(
  run: (folder: string, given: QuantizeTextArguments) => Promise<void>,
  count = 9,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const sizes = [DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCABULARY, CONTEXT];
    await Deno.writeFile(
      `${folder}/tiny.bin`,
      llama2cFile(sizes, new Stream(9).take(FLOATS, 0.5)),
    );
    const pieces = Array.from({ length: VOCABULARY }, (_, i): [string, number] => [`p${i}`, -1]);
    await Deno.writeFile(`${folder}/pieces`, llama2cVocabulary(pieces));
    const random = new Random(3);
    const windows = Array.from(
      { length: count },
      () => Array.from({ length: 20 }, () => random.integer(3, VOCABULARY - 1)),
    );
    await Deno.writeTextFile(`${folder}/windows.json`, JSON.stringify(windows));
    await run(folder, {
      model: `${folder}/tiny.bin`,
      output: `${folder}/model.fewbit`,
      bits: "w4a8g32",
      method: "closed-form",
      calibration: `${folder}/windows.json`,
      params: `${folder}/params.json`,
      prefix: undefined,
      windows: 5,
      length: 24,
      check: 2,
      rotate: "no",
      vocabulary: `${folder}/pieces`,
      json: false,
      signal: new AbortController().signal,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A signal that says stop when it was asked so many times. */
export function stopAfter(count: number): AbortSignal {
  const { signal } = new AbortController();
  let asked = 0;
  return Object.assign(signal, {
    throwIfAborted: () => {
      if (++asked > count) throw new Error("stopped");
    },
  });
}
