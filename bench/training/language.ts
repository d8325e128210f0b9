/**
 * Trains a ternary recurrence and a Transformer of the same sizes on tiny-shakespeare, and writes what became of them.
 *
 *     deno run -A bench/training/language.ts --family hgrn-bit --rate 0.004 --tokens 400000 --out FILE
 *
 * A run that was stopped goes on by the same command: its last checkpoint lies beside FILE, and `fewbit export` makes a
 * folder of it for `fewbit convert`.
 */
import { parseArgs } from "node:util";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { encodeLanguageFacts } from "../../src/training/language_checkpoint.ts";
import { languageLoss, languageTrainer } from "../../src/training/language_model.ts";
import type { LanguageFamily, LanguageModel } from "../../src/training/language_model.ts";
import { textWindows } from "../../src/training/text_windows.ts";

const { values } = parseArgs({
  options: {
    family: { type: "string", default: "hgrn-bit" },
    rate: { type: "string", default: "0.004" },
    /** Tokens that are seen. */
    tokens: { type: "string", default: "6000000" },
    width: { type: "string", default: "160" },
    depth: { type: "string", default: "3" },
    hidden: { type: "string", default: "512" },
    window: { type: "string", default: "256" },
    windows: { type: "string", default: "4" },
    decay: { type: "string", default: "0.1" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "language.json" },
    shared: { type: "string", default: Deno.env.get("FEWBIT_SHARED") ?? "" },
  },
});
const number = (name: keyof typeof values): number => Number(values[name]);

const folder = `${values.shared}/data`;
const text = Deno.readTextFileSync(`${folder}/tinyshakespeare/input.txt`);
const tokenizerJson = JSON.parse(
  Deno.readTextFileSync(`${folder}/hgrn-shakespeare/tokenizer.json`),
);
const tokenizer = Tokenizer.fromJson(tokenizerJson);
const split = Math.floor(0.9 * text.length);
const idsOf = (part: string): Int32Array =>
  Int32Array.from(tokenizer.encode(part, { addSpecialTokens: false }).ids);
const [learned, heldOut] = [idsOf(text.slice(0, split)), idsOf(text.slice(split))];

const model: LanguageModel = {
  family: values.family as LanguageFamily,
  vocabulary: 1024,
  width: number("width"),
  depth: number("depth"),
  hidden: number("hidden"),
  tokens: number("window"),
  windows: number("windows"),
};
const perStep = model.tokens * model.windows;
const steps = Math.floor(number("tokens") / perStep);
const seed = number("seed");
const rate = number("rate");
using trainer = await languageTrainer(model, {
  rate,
  seed,
  decay: number("decay"),
  optimizer: { kind: "adamw", betas: [0.9, 0.95] },
  schedule: { kind: "warmup_cosine", min: rate / 20, warmup: Math.ceil(steps / 25), steps },
  clipNorm: 1,
});
const metadata = encodeLanguageFacts({ model, tokenizer: tokenizerJson });
const data = textWindows(learned, model.tokens, seed);
const validation = textWindows(heldOut, model.tokens);
const checkpoint = values.out.replace(/\.json$/, ".safetensors");
const record: {
  step: number;
  tokens: number;
  loss: number;
  validation: number;
  seconds: number;
}[] = [];
let spent = 0;
try {
  trainer.restore(Deno.readFileSync(checkpoint));
  record.push(...JSON.parse(Deno.readTextFileSync(values.out)).curve);
  spent = record.at(-1)?.seconds ?? 0;
  console.log(`goes on from step ${trainer.steps}`);
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
console.log(
  `${model.family} ${rate}: ${steps} steps of ${perStep}, ${data.count} windows, ${validation.count} held out, ${trainer.memoryBytes} bytes`,
);
let start = performance.now();
const losses: number[] = [];
const every = Math.max(1, Math.min(500, Math.floor(steps / 4)));

async function note(step: number): Promise<void> {
  spent += (performance.now() - start) / 1000;
  const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
  losses.length = 0;
  const row = {
    step,
    tokens: step * perStep,
    loss: mean,
    validation: await languageLoss(trainer, validation),
    seconds: Math.round(spent),
  };
  record.push(row);
  console.log(JSON.stringify(row));
  Deno.writeFileSync(checkpoint, await trainer.save({ metadata }));
  Deno.writeTextFileSync(values.out, JSON.stringify({ model, rate, seed, steps, curve: record }));
  start = performance.now();
}

if (trainer.steps < steps) {
  for await (const { step, loss } of trainer.fit(data, { epochs: 10_000 })) {
    losses.push(loss);
    if (step % every === 0 || step === steps) await note(step);
    if (step === steps) break;
  }
}
