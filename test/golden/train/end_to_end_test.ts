/**
 * End-to-end learning on stories260K: the student says what the integers say, with and without a rotation, and what it
 * learns makes the integers better on windows that it never saw.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../../src/checkpoints/text_checkpoint.ts";
import { learnIntegerText } from "../../../src/compile/end_to_end/learn_text.ts";
import type { LearningState } from "../../../src/compile/end_to_end/learning_state.ts";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
  roundIntegerText,
} from "../../../src/compile/integer_text.ts";
import { FEW, NO_SHRINKING } from "../../../src/quantize/decoder_calibrate.ts";
import { readDecoderParams, writeDecoderParams } from "../../../src/quantize/decoder_params.ts";
import type { RoundedWeight } from "../../../src/quantize/rounded_weights.ts";
import type { LanguageBits } from "../../../src/quantize/shifted_weights.ts";
import { absent, readJson, SHARED } from "../_shared.ts";

const FOLDER = `${SHARED}/data/stories260K`;
const WINDOWS = "golden/llama2c/windows.json";
const LENGTH = 120;
/** How far the divergence is from that of the integers, where codes flip here and there; what learning leaves of it. */
const [NEAR, BETTER] = [0.08, 0.93];

/** A model in closed form, and windows of a purpose each. */
async function closedForm(bits: LanguageBits, rotate: boolean, down: 8 | 12 = 8) {
  const checkpoint = await openTextCheckpoint(`${FOLDER}/stories260K.bin`);
  const ids: number[][] = readJson(WINDOWS).ids;
  // Without what begins a text, which is the prefix.
  const cut = (from: number, to: number) =>
    ids.slice(from, to).map((window) => window.slice(1, 1 + LENGTH));
  const seen = cut(0, 32);
  const ranges = await calibrateTextModel(checkpoint, seen, { prefix: [1], rotate });
  const smoothing = { norms: NO_SHRINKING, down: FEW };
  const params = parametersOfRanges(checkpoint, ranges, seen, smoothing, { down });
  const rounded = new Map<string, RoundedWeight>();
  if (bits !== "w8a8") {
    for await (const block of roundIntegerText(checkpoint, params, { bits })) {
      for (const [name, weight] of block) rounded.set(name, weight);
    }
  }
  const options = { bits, windows: cut(0, 56), validation: cut(56, 62), rounded };
  const divergence = async (made: typeof params, windows: readonly number[][]): Promise<number> => {
    const program = compileIntegerText(checkpoint, made, { bits, rounded });
    return (await compareIntegerText(checkpoint, program, [1], windows)).divergence;
  };
  return { checkpoint, params, options, divergence, measured: cut(64, 96) };
}

const ignore = absent(FOLDER, `${SHARED}/${WINDOWS}`);

for (
  const [bits, rotate, down] of [
    ["w8a8", false, 8],
    ["w8a8", true, 12],
    ["w4a8g64", true, 8],
    ["w4a8", false, 12],
  ] as const
) {
  Deno.test({
    name: `golden: a student of stories260K, ${bits}${
      rotate ? ", rotated" : ""
    }, ${down} bits at down`,
    ignore,
    fn: async () => {
      const { checkpoint, params, options, divergence, measured } = await closedForm(
        bits,
        rotate,
        down,
      );
      const { before, steps } = await learnIntegerText(checkpoint, params, {
        ...options,
        validation: measured,
        steps: 0,
      });
      assert.equal(steps, 0);
      const integers = await divergence(params, measured);
      console.log(`student ${before.toPrecision(4)}, integers ${integers.toPrecision(4)}`);
      assert.ok(Math.abs(before / integers - 1) < NEAR);
    },
  });
}

Deno.test({
  name: "golden: end to end on stories260K, W4A8",
  ignore,
  fn: async () => {
    const { checkpoint, params, options, divergence, measured } = await closedForm("w4a8", false);
    const states: LearningState[] = [];
    const keep = (state: LearningState): Promise<void> => {
      states.push(state);
      return Promise.resolve();
    };
    const made = await learnIntegerText(checkpoint, params, {
      ...options,
      steps: 112,
      onState: keep,
    });
    assert.equal(made.steps, 112);
    assert.ok(made.after < made.before);
    const [before, after] = [
      await divergence(params, measured),
      await divergence(made.params, measured),
    ];
    // What a file has is what was learned.
    const file = writeDecoderParams(made.params);
    const read = readDecoderParams(file);
    assert.equal(await divergence(read, measured), after);
    assert.equal(writeDecoderParams(read), file);
    console.log(
      `validation ${made.before.toPrecision(4)} to ${made.after.toPrecision(4)}, ` +
        `integers ${before.toPrecision(4)} to ${after.toPrecision(4)}`,
    );
    assert.ok(after < BETTER * before);
    // From a state in the middle it goes on to the same bits.
    const again = await learnIntegerText(checkpoint, params, { ...options, state: states[9] });
    assert.equal(writeDecoderParams(again.params), file);
    // Learning goes on from what was learned: biases and factors are where they were.
    const next = await learnIntegerText(checkpoint, made.params, { ...options, steps: 0 });
    assert.ok(Math.abs(next.before / made.after - 1) < 0.01);
  },
});
