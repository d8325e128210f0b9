/**
 * Four layers of BitNet b1.58 2B-4T's shape with seeded weights and a cut vocabulary: the file, and tokens a
 * second beside llama.cpp in wasm (wllama) with as many layers of a Llama in TQ2_0, whose head is ternary,
 * too. For speed only: llama.cpp's own `bitnet` has another activation.
 *
 * ```sh
 * deno run -A bench/bitnet.ts 3
 * ```
 */
import { compileTextModel } from "../src/compile/text.ts";
import { load } from "../src/engines/load.ts";
import { formatBytes } from "../src/format_bytes.ts";
import { TextGenerator } from "../src/pipelines/text/text_generator.ts";
import type { Usage } from "../src/pipelines/text/text_piece.ts";
import { encodeProgram } from "../src/program/encode.ts";
import { median } from "./interleave.ts";
import { bitNetWeights, config, LAYERS, SHAPE, VOCABULARY } from "./llama/bitnet.ts";
import { llamaGguf } from "./llama/gguf.ts";
import { Wllama } from "./llama/wllama.ts";
import { opcodeTable } from "./opcode_table.ts";
import { table } from "../tools/markdown_table.ts";

const PROMPT_TOKENS = 64;
const NEW_TOKENS = 16;
const ROUNDS = Number(Deno.args[0] ?? 3);

const weights = bitNetWeights();
const { program } = await compileTextModel(weights, { config });
const file = await encodeProgram(program);
const count = [...weights.values()].reduce(
  (sum, { shape, readTernary }) => readTernary ? sum + shape[0] * shape[1] : sum,
  0,
);
console.log(
  `${LAYERS} layers of ${SHAPE.width}, vocabulary ${VOCABULARY}: ${count} ternary weights, ` +
    `${formatBytes(file.length)}`,
);

using lm = await TextGenerator.fromPretrained(file);
await using peer = await Wllama.open(llamaGguf({
  hidden: SHAPE.width,
  inner: SHAPE.hidden,
  heads: SHAPE.heads,
  kvHeads: SHAPE.kvHeads,
  layers: LAYERS,
  vocabulary: VOCABULARY,
  context: 512,
}));

const rates = { prompt: newRates(), decode: newRates() };
for (let round = -1; round < ROUNDS; round++) {
  const ours = await complete(round);
  const { timings } = await peer.complete(promptOf(round), NEW_TOKENS, PROMPT_TOKENS);
  // The first round warms both up.
  if (round < 0) continue;
  rates.prompt.ours.push(1000 * ours.promptTokens / ours.promptMs);
  rates.prompt.wllama.push(timings.prompt_per_second);
  rates.decode.ours.push(1000 * ours.completionTokens / ours.completionMs);
  rates.decode.wllama.push(timings.predicted_per_second);
}
console.log(table(
  ["", "fewbit tokens/s", "wllama tokens/s", "ratio"],
  [row(`prompt of ${PROMPT_TOKENS}`, rates.prompt), row("one token at a time", rates.decode)],
));
using instance = await load(file, { symbols: { max_tokens: PROMPT_TOKENS } });
for (const tokens of [1, PROMPT_TOKENS]) {
  console.log(`\n${tokens === 1 ? "One token" : `${tokens} tokens`}:`);
  console.log(opcodeTable(instance, inputs(tokens), "main", 5));
}

interface Rates {
  readonly ours: number[];
  readonly wllama: number[];
}

function newRates(): Rates {
  return { ours: [], wllama: [] };
}

function row(name: string, { ours, wllama }: Rates): string[] {
  const ratio = median(ours.map((rate, i) => rate / wllama[i]));
  return [name, median(ours).toFixed(1), median(wllama).toFixed(2), `${ratio.toFixed(1)}×`];
}

/** A prompt that wllama has not seen, a token a letter. */
function promptOf(round: number): string {
  return String.fromCharCode(66 + round) + "abcdefgh".repeat(PROMPT_TOKENS / 8 - 1) + "abcde";
}

async function complete(round: number): Promise<Usage> {
  const prompt = Int32Array.from(
    { length: PROMPT_TOKENS },
    (_, i) => 3 + (i * 7 + round + 1) % 100,
  );
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
