/** SmolLM2-135M-Instruct in integers beside llama.cpp in wasm (wllama), from the same float weights. */
import { TextGenerator } from "../src/pipelines/text/text_generator.ts";
import { modelFolder } from "../tools/fetch_model.ts";
import { median } from "./interleave.ts";
import { integerModel } from "./llama/integer_model.ts";
import type { IntegerBits } from "./llama/integer_model.ts";
import { requantized } from "./llama/requantize.ts";
import type { MatrixType } from "./llama/requantize.ts";
import { Wllama } from "./llama/wllama.ts";
import { wordPrompt } from "./llama/word_prompt.ts";
import { benchSteps, reportSteps } from "./integer_llama_steps.ts";
import type { StepResults } from "./integer_llama_steps.ts";
import { table } from "../tools/markdown_table.ts";

const PROMPT_TOKENS = 256;
const NEW_TOKENS = 24;

/** What stands beside what, and how many times as fast ours has to be. */
const PAIRS: readonly {
  readonly bits: IntegerBits;
  readonly peer: MatrixType;
  readonly floors: { readonly prefill: number; readonly decode: number };
}[] = [
  { bits: "w8a8", peer: "q8_0", floors: { prefill: 10, decode: 4 } },
  { bits: "w4a8g64", peer: "q4_0", floors: { prefill: 14, decode: 7 } },
];

/** Tokens a second by round. */
interface Rates {
  readonly ours: number[];
  readonly wllama: number[];
}

/** One of our models beside its peer, and where its steps go. */
interface PairResults {
  readonly bits: IntegerBits;
  readonly peer: MatrixType;
  readonly floors: { readonly prefill: number; readonly decode: number };
  readonly prefill: Rates;
  readonly decode: Rates;
  readonly steps: StepResults;
}

/** All models complete a prompt in every round. */
export async function benchIntegerLlama(rounds: number): Promise<readonly PairResults[]> {
  const gguf = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;
  await using stack = new AsyncDisposableStack();
  const pairs = [];
  for (const { bits, peer, floors } of PAIRS) {
    const file = await integerModel(gguf, bits);
    const lm = stack.use(await TextGenerator.fromPretrained(file, { context: 512 }));
    const wllama = stack.use(await Wllama.open(requantized(gguf, peer)));
    const rates = { prefill: newRates(), decode: newRates() };
    pairs.push({ bits, peer, floors, file, lm, wllama, ...rates });
  }
  for (let round = -1; round < rounds; round++) {
    const prompt = wordPrompt(PROMPT_TOKENS, round + 1);
    for (const { lm, wllama, prefill, decode } of round % 2 === 0 ? pairs : pairs.toReversed()) {
      const before = round % 2 === 0 ? await complete(lm, prompt) : undefined;
      const { timings } = await wllama.complete(prompt, NEW_TOKENS, PROMPT_TOKENS);
      const ours = before ?? await complete(lm, prompt);
      // The first round warms all up.
      if (round < 0) continue;
      prefill.ours.push(ours.prefill);
      prefill.wllama.push(timings.prompt_per_second);
      decode.ours.push(ours.decode);
      decode.wllama.push(timings.predicted_per_second);
    }
  }
  const results: PairResults[] = [];
  for (const { file, bits, peer, floors, prefill, decode } of pairs) {
    results.push({ bits, peer, floors, prefill, decode, steps: await benchSteps(file) });
  }
  return results;
}

/** The report in Markdown. */
export function reportIntegerLlama(results: readonly PairResults[]): string {
  const row = (name: string, { ours, wllama }: Rates, floor: number): string[] => {
    const ratio = median(ours.map((rate, i) => rate / wllama[i]));
    const best = Math.max(...ours) / Math.max(...wllama);
    return [
      name,
      median(ours).toFixed(1),
      median(wllama).toFixed(1),
      `**${ratio.toFixed(1)}×** [${best.toFixed(1)}]`,
      `${floor}×`,
    ];
  };
  return [
    table(
      ["", "fewbit tokens/s", "wllama tokens/s", "ratio", "wanted"],
      results.flatMap(({ bits, peer, prefill, decode, floors }) => [
        row(`${bits} and ${peer}, prompt of ${PROMPT_TOKENS}`, prefill, floors.prefill),
        row(`${bits} and ${peer}, one token at a time`, decode, floors.decode),
      ]),
    ),
    ...results.map(({ bits, steps }) => reportSteps(bits, steps)),
  ].join("\n\n");
}

/** Tokens a second of the two parts. */
async function complete(
  lm: TextGenerator,
  prompt: string,
): Promise<{ readonly prefill: number; readonly decode: number }> {
  const options = { temperature: 0, maxTokens: NEW_TOKENS, stopAtEnd: false };
  const pieces = await Array.fromAsync(lm.generate(prompt, options));
  const { promptTokens, promptMs, completionTokens, completionMs } = pieces.at(-1)!.usage!;
  if (Math.abs(promptTokens - PROMPT_TOKENS) > 1 || completionTokens !== NEW_TOKENS) {
    throw new Error(`${promptTokens} tokens read and ${completionTokens} written`);
  }
  return {
    prefill: 1000 * promptTokens / promptMs,
    decode: 1000 * completionTokens / completionMs,
  };
}

function newRates(): Rates {
  return { ours: [], wllama: [] };
}
