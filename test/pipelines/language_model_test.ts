/** Runs of several texts at once, where one of them is no more than the prefix of the program. */
import assert from "node:assert/strict";
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compileIntegerText,
  parametersOfRanges,
} from "../../src/compile/integer_text.ts";
import { load } from "../../src/engines/load.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { LanguageModel } from "../../src/pipelines/text/_language_model.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 30,
  tied: true,
} as const;
const PREFIX = [1, 7];

Deno.test("in a run with others, what has only the prefix gets the logits behind it", async () => {
  const checkpoint: TextCheckpoint = {
    weights: lazyWeights(weightsOf(SIZES, 5)),
    config: configOf(SIZES),
  };
  const windows = [[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]];
  const ranges = await calibrateTextModel(checkpoint, windows, { prefix: PREFIX });
  const params = parametersOfRanges(checkpoint, ranges, windows);
  const program = compileIntegerText(checkpoint, params, { bits: "w8a8" });
  const symbols = { sessions: 3, max_rows: 4, max_sequences: 3 };
  using model = new LanguageModel(await load(program, { symbols }));
  // Grids have the logits that float32 had behind the prefix.
  const behind = Float32Array.from(params.grids.prefix.logits, (logit) => logit / 4096);
  const part = (slot: number, ids: readonly number[], wanted = true) => ({
    slot,
    past: PREFIX.length,
    ids: Int32Array.from(ids),
    wanted,
  });
  const [alone] = await model.readBatch([part(0, [3, 1, 4])]);
  assert.notDeepEqual(alone, behind);
  for (const order of [[0, 1, 2], [1, 0, 2], [2, 1, 0]]) {
    const parts = [part(0, [3, 1, 4]), part(1, []), part(2, [5], false)];
    const logits = await model.readBatch(order.map((i) => parts[i]));
    const expected = [alone, behind, undefined];
    assert.deepEqual(logits, order.map((i) => expected[i]));
  }
  assert.deepEqual(await model.readBatch([part(1, [])]), [behind]);
});
