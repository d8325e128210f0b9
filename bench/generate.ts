/** A MatMul-free language model beside llama.cpp in wasm (wllama), on linear layers of the same sizes. */
import { load } from "../src/engines/load.ts";
import { compileTextModel } from "../src/compile/text.ts";
import { TextGenerator } from "../src/pipelines/text/text_generator.ts";
import type { Usage } from "../src/pipelines/text/text_piece.ts";
import { encodeProgram } from "../src/program/encode.ts";
import { median } from "./interleave.ts";
import { opcodeTable, shareOutside } from "./opcode_table.ts";
import { table } from "../tools/markdown_table.ts";
import { llamaGguf } from "./llama/gguf.ts";
import type { LlamaShape } from "./llama/gguf.ts";
import { hgrnConfig, hgrnWeights } from "./llama/hgrn.ts";
import { Wllama } from "./llama/wllama.ts";

const SHAPE: LlamaShape = {
  hidden: 1024,
  inner: 2816,
  layers: 6,
  heads: 8,
  vocabulary: 4096,
  context: 1024,
};
/** Tokens of the prompt: wllama's vocabulary has a token a letter and a few more at the beginning. */
const PROMPT_TOKENS = 256;
const NEW_TOKENS = 24;

/** Tokens a second, and where a step of decoding goes. */
export interface GenerateResults {
  readonly ternaryWeights: number;
  readonly prefill: Rates;
  readonly decode: Rates;
  /** Part of a step that is not in `linear_ternary`. */
  readonly outsideTernary: number;
  readonly decodeTable: string;
  readonly prefillTable: string;
}

interface Rates {
  readonly ours: readonly number[];
  readonly wllama: readonly number[];
}

/** Both complete a prompt in every round. */
export async function benchGenerate(rounds: number): Promise<GenerateResults> {
  const { program } = await compileTextModel(hgrnWeights(SHAPE), { config: hgrnConfig(SHAPE) });
  const file = await encodeProgram(program);
  using lm = await TextGenerator.fromPretrained(file);
  await using peer = await Wllama.open(llamaGguf(SHAPE));
  const rates = { prefill: newRates(), decode: newRates() };
  for (let round = -1; round < rounds; round++) {
    const ours = round % 2 === 0 ? await complete(lm, round) : undefined;
    const { timings } = await peer.complete(promptOf(round), NEW_TOKENS, PROMPT_TOKENS);
    const { promptTokens, promptMs, completionTokens, completionMs } = ours ??
      await complete(lm, round);
    // The first round warms both up.
    if (round < 0) continue;
    rates.prefill.ours.push(1000 * promptTokens / promptMs);
    rates.prefill.wllama.push(timings.prompt_per_second);
    rates.decode.ours.push(1000 * completionTokens / completionMs);
    rates.decode.wllama.push(timings.predicted_per_second);
  }
  using instance = await load(file, { symbols: { max_tokens: PROMPT_TOKENS } });
  const step = inputs(1);
  return {
    ternaryWeights: SHAPE.layers * (4 * SHAPE.hidden ** 2 + 3 * SHAPE.hidden * SHAPE.inner) +
      SHAPE.hidden * SHAPE.vocabulary,
    ...rates,
    outsideTernary: shareOutside(instance, step, "main", 200, (name) => name === "linear_ternary"),
    decodeTable: opcodeTable(instance, step, "main", 100),
    prefillTable: opcodeTable(instance, inputs(PROMPT_TOKENS), "main", 5),
  };
}

/** The report in Markdown. */
export function reportGenerate(results: GenerateResults): string {
  const { ternaryWeights, prefill, decode, outsideTernary, decodeTable, prefillTable } = results;
  const row = (name: string, { ours, wllama }: Rates): string[] => {
    const ratio = median(ours.map((rate, i) => rate / wllama[i]));
    const best = Math.max(...ours) / Math.max(...wllama);
    return [
      name,
      median(ours).toFixed(0),
      median(wllama).toFixed(1),
      `**${ratio.toFixed(1)}×** [${best.toFixed(1)}]`,
      (median(ours) * ternaryWeights / 1e9).toFixed(1),
    ];
  };
  return [
    table(
      ["", "fewbit tokens/s", "wllama tokens/s", "ratio", "fewbit 10⁹ weights/s"],
      [row(`prompt of ${PROMPT_TOKENS}`, prefill), row("one token at a time", decode)],
    ),
    `Outside the ternary products: ${(100 * outsideTernary).toFixed(1)} % of a step of decoding.`,
    "One token at a time:",
    decodeTable,
    `A prompt of ${PROMPT_TOKENS} tokens:`,
    prefillTable,
  ].join("\n\n");
}

/** A prompt that wllama has not seen, of letters. */
function promptOf(round: number): string {
  return String.fromCharCode(66 + round) + "abcdefgh".repeat(PROMPT_TOKENS / 8 - 1) + "abcde";
}

async function complete(lm: TextGenerator, seed: number): Promise<Usage> {
  const prompt = Int32Array.from({ length: PROMPT_TOKENS }, (_, i) => 3 + (i * 7 + seed + 1) % 100);
  const options = { temperature: 0, maxTokens: NEW_TOKENS, stopAtEnd: false };
  const pieces = await Array.fromAsync(lm.generate(prompt, options));
  return pieces[pieces.length - 1].usage!;
}

function inputs(tokens: number): Record<string, Int32Array> {
  return {
    ids: Int32Array.from({ length: tokens }, (_, i) => i % 100),
    offsets: Int32Array.of(0, tokens),
    slot: Int32Array.of(0),
    past: Int32Array.of(0),
    rows: Int32Array.of(tokens - 1),
  };
}

function newRates(): { ours: number[]; wllama: number[] } {
  return { ours: [], wllama: [] };
}
