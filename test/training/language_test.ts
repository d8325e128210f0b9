/** Language models that are trained: what is exported gives the trainer's logits, and a stopped run goes on. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { randomWord } from "../../src/numeric/random_word.ts";
import {
  encodeLanguageFacts,
  isLanguageCheckpoint,
  languageFiles,
} from "../../src/training/language_checkpoint.ts";
import { languageLoss, languageTrainer } from "../../src/training/language_model.ts";
import type { LanguageFamily, LanguageModel } from "../../src/training/language_model.ts";
import { textWindows } from "../../src/training/text_windows.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { runBatch } from "../models/_hgrn.ts";

const SIZES = { vocabulary: 61, width: 64, depth: 3, hidden: 96, tokens: 24, windows: 3 };
const TRAINING = {
  rate: 0.01,
  seed: 5,
  decay: 0.1,
  clipNorm: 1,
  optimizer: { kind: "adamw" },
} as const;

/** A text in which the next id follows from the last one, mostly. */
function text(length: number): Int32Array {
  const ids = new Int32Array(length);
  for (let i = 1; i < length; i++) {
    const word = randomWord(3, 1, 0, i);
    ids[i] = word % 5 === 0 ? (word >>> 8) % 61 : (7 * ids[i - 1] + 3) % 61;
  }
  return ids;
}

const DATA = textWindows(text(2000), SIZES.tokens, 5);

async function trained(family: LanguageFamily, steps: number, sizes: Partial<LanguageModel> = {}) {
  const model: LanguageModel = { family, ...SIZES, ...sizes };
  const trainer = await languageTrainer(model, TRAINING);
  const losses: number[] = [];
  for await (const { step, loss } of trainer.fit(DATA, { epochs: 100 })) {
    losses.push(loss);
    if (step === steps) break;
  }
  return { model, trainer, losses };
}

/** Logits of the windows by the model that a checkpoint is exported as. */
async function exportedLogits(bytes: Uint8Array, windows: readonly number[][]) {
  const { weights, config } = languageFiles(bytes);
  const { program } = await compileTextModel(lazyWeights(weights), { config });
  const symbols = { max_tokens: 72, max_rows: 72, max_sequences: 3, sessions: 3 };
  using instance = await load(program, { symbols });
  return runBatch(instance, { sequences: windows }).logits.data as Float32Array;
}

/** Asserts that the logits of some windows are those of the model that a checkpoint is exported as. */
async function assertExported(trainer: Trainer, model: LanguageModel): Promise<void> {
  const bytes = await trainer.save({
    metadata: encodeLanguageFacts({ model, tokenizer: TOKENIZER }),
  });
  const inputs = await DATA.batch(Int32Array.of(4, 0, 7));
  const { logits } = await trainer.predict({ ids: inputs.ids });
  const ids = [...inputs.ids as Int32Array];
  const windows = [0, 24, 48].map((first) => ids.slice(first, first + 24));
  const got = await exportedLogits(bytes, windows);
  const want = logits.data as Float32Array;
  assert.deepEqual(got, want);
}

for (const family of ["hgrn-bit", "transformer"] as const) {
  Deno.test(`a ${family} of one layer, whose bounds nothing is made of, is exported, too`, async () => {
    const { model, trainer } = await trained(family, 3, { depth: 1 });
    using _ = trainer;
    await assertExported(trainer, model);
  });

  Deno.test(`a ${family} learns, and what is exported gives its logits`, async () => {
    const { model, trainer, losses } = await trained(family, 60);
    using _ = trainer;
    assert.ok(losses[59] < losses[0] - 1, `${losses[0]} … ${losses[59]}`);
    await assertExported(trainer, model);
  });

  Deno.test(`a ${family} goes on from a checkpoint to the bits of a run that was not stopped`, async () => {
    const whole = await trained(family, 40);
    using _ = whole.trainer;
    // 40 steps of 27 an epoch: windows begin elsewhere in the second.
    const first = await trained(family, 20);
    const saved = await first.trainer.save();
    first.trainer[Symbol.dispose]();
    using second = await languageTrainer(whole.model, TRAINING);
    second.restore(saved);
    for await (const { step } of second.fit(DATA, { epochs: 100 })) if (step === 40) break;
    assert.deepEqual(await second.save(), await whole.trainer.save());
  });
}

const TOKENIZER = { model: { type: "BPE", vocab: { a: 0 }, merges: [] } };

Deno.test("the loss of a text is that of its logits", async () => {
  const { trainer } = await trained("hgrn-bit", 5);
  using _ = trainer;
  const heldOut = textWindows(text(24 * 6 + 1), SIZES.tokens);
  assert.equal(heldOut.count, 6);
  let [sum, count] = [0, 0];
  for (const run of [[0, 1, 2], [3, 4, 5]]) {
    const inputs = await heldOut.batch(Int32Array.from(run));
    const { logits } = await trainer.predict({ ids: inputs.ids });
    (inputs.labels as Int32Array).forEach((label, row) => {
      const rows = Array.from((logits.data as Float32Array).subarray(row * 61, (row + 1) * 61));
      sum += Math.log(rows.reduce((a, x) => a + Math.exp(x), 0)) - rows[label];
      count++;
    });
  }
  const loss = await languageLoss(trainer, heldOut);
  assert.ok(Math.abs(loss - sum / count) <= 1e-5, `${loss}, ${sum / count}`);
});

Deno.test("windows of a text move from epoch to epoch, and stay in it", async () => {
  const ids = Int32Array.from({ length: 100 }, (_, i) => i);
  const data = textWindows(ids, 8, 3);
  assert.equal(data.count, 11);
  const seen = new Set<number>();
  for (let epoch = 0; epoch < 40; epoch++) {
    const { ids, labels } = await data.batch(Int32Array.of(0, 10), { epoch });
    const [first] = ids as Int32Array;
    seen.add(first);
    assert.deepEqual(
      [...ids as Int32Array],
      [0, 80].flatMap((at) => [...Array(8).keys()].map((i) => at + first + i)),
    );
    assert.deepEqual([...labels as Int32Array], [...ids as Int32Array].map((id) => id + 1));
  }
  assert.equal(seen.size, 8);
  assert.throws(() => textWindows(ids.subarray(0, 15), 8, 3), /of 15 tokens/);
  assert.throws(() => textWindows(ids.subarray(0, 8), 8), /of 8 tokens/);
});

Deno.test("a checkpoint of a language model that is none, or is damaged, is refused", async () => {
  const { model, trainer } = await trained("transformer", 1);
  using _ = trainer;
  const saved = (facts: Record<string, string>) => trainer.save({ metadata: facts });
  const facts = encodeLanguageFacts({ model, tokenizer: TOKENIZER });
  const good = await saved(facts);
  assert.ok(isLanguageCheckpoint(good));
  assert.equal(isLanguageCheckpoint(Uint8Array.of(1, 2, 3)), false);
  assert.equal(isLanguageCheckpoint(await saved({})), false);
  const refused = async (changed: Record<string, unknown>, message: RegExp) => {
    const own = encodeLanguageFacts({ model: { ...model, ...changed }, tokenizer: TOKENIZER });
    const bytes = await saved(own);
    assert.throws(() => languageFiles(bytes), { code: "invalid_file", message });
  };
  await refused({ family: "rnn" }, /sizes are none/);
  await refused({ depth: 1e9 }, /sizes are none/);
  await refused({ depth: 4 }, /has no model\.layers\.3/);
  const damaged = good.slice();
  damaged[damaged.length - 1] ^= 1;
  assert.throws(() => languageFiles(damaged), /checksum/);
  assert.throws(() => languageFiles(good.slice(0, 100)), { code: "invalid_file" });
});
