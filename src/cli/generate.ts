/** `fewbit generate`. */
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import type { TextPiece, Usage } from "../pipelines/text/text_piece.ts";
import type { GenerateOptions } from "../pipelines/text/text_session.ts";
import { readAll } from "./_lines.ts";
import { ClosedOutput, note, print, printJson, write } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, number } from "./_run.ts";

/** Longest prompt that is read from standard input. */
const MAX_PROMPT_BYTES = 2 ** 26;

/** What `fewbit generate` takes and does. */
export default function generateCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("[prompt]", "Text to go on from (default, or -: standard input)")
    .option(
      "--model <model>",
      "model.fewbit; or a folder with config.json, safetensors and tokenizer.json, a .gguf, or " +
        "llama2.c's .bin (default: a small model of Shakespeare's plays)",
    )
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .option("--max-tokens <n>", "Tokens to write at most (default: the model's, or 256)")
    .option("--temperature <t>", "0 takes the best token (default: the model's, or 1)")
    .option("--top-k <k>", "Only the k best tokens; 0: all (default: 0)")
    .option("--top-p <p>", "Only the best with this probability (default: 1)")
    .option("--min-p <p>", "Only tokens p times as probable as the best")
    .option("--repetition-penalty <penalty>", "For the last 64 tokens (default: 1)")
    .option(
      "--stop <text>",
      "Text that ends the answer; \\n is a line break; may be given again",
      gather,
    )
    .option("--seed <n>", "The same seed writes the same text everywhere")
    .option("--logprobs <n>", "Show the n most probable tokens", "0")
    .option("--json", "One JSON object with text, tokens and usage")
    .addHelpText(
      "after",
      examples(
        'fewbit generate "ROMEO:" --seed 1 --max-tokens 40',
        'echo "JULIET:" | fewbit generate --temperature 0 --stop "\\n" --json',
        'fewbit generate "Once upon a time" --model stories260k.fewbit --logprobs 3 --max-tokens 8',
      ),
    )
    .action(async (given, args) => {
      const options: GenerateOptions = {
        ...optional("maxTokens", "max-tokens", args.maxTokens),
        ...optional("temperature", "temperature", args.temperature),
        ...optional("topK", "top-k", args.topK),
        ...optional("topP", "top-p", args.topP),
        ...optional("minP", "min-p", args.minP),
        ...optional("repetitionPenalty", "repetition-penalty", args.repetitionPenalty),
        seed: args.seed === undefined ? drawSeed() : number("seed", args.seed),
        logprobs: number("logprobs", args.logprobs),
        stop: (args.stop ?? []).map((text) => text.replaceAll("\\n", "\n")),
        signal,
      };
      const engine = choice("engine", args.engine, ENGINES);
      const prompt = await promptOf(given);
      using lm = await TextGenerator.fromPretrained(args.model, { engine, signal });
      if (args.json) await printWhole(lm, prompt, options);
      else if (options.logprobs === 0) await stream(lm, prompt, options);
      else await printTokens(lm, prompt, options);
    });
}

/** All values of an option that may be given more than once. */
function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** An option, if it is given, under its name in code. */
function optional(name: string, option: string, value: string | undefined): GenerateOptions {
  return value === undefined ? {} : { [name]: number(option, value) };
}

/** Shown at the end, so that every text can be written again. */
function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

async function promptOf(given: string | undefined): Promise<string> {
  return given !== undefined && given !== "-" ? given : await readAll("-", MAX_PROMPT_BYTES);
}

/** Writes the text as it comes, and how it went on standard error. */
async function stream(lm: TextGenerator, prompt: string, options: GenerateOptions): Promise<void> {
  let started = false;
  try {
    for await (const { text, finishReason, usage } of lm.generate(prompt, options)) {
      if (!started) write(prompt);
      started = true;
      write(text);
      if (usage !== undefined) note(`\n\n${summary(lm, finishReason, usage, options)}`);
    }
  } catch (error) {
    if (started && !(error instanceof ClosedOutput)) note("");
    throw error;
  }
}

function summary(
  lm: TextGenerator,
  reason: TextPiece["finishReason"],
  usage: Usage,
  { seed }: GenerateOptions,
): string {
  const { promptTokens, completionTokens, promptMs, completionMs } = usage;
  const rate = (tokens: number, ms: number): string => `${(1000 * tokens / ms).toFixed(0)}/s`;
  return `[${reason}: ${promptTokens} prompt tokens (${rate(promptTokens, promptMs)}), ` +
    `${completionTokens} tokens (${rate(completionTokens, completionMs)}), ` +
    `${lm.engine}, seed ${seed}]`;
}

/** One line a token: its probability, and what else was probable. */
async function printTokens(
  lm: TextGenerator,
  prompt: string,
  options: GenerateOptions,
): Promise<void> {
  const show = (id: number): string => JSON.stringify(lm.tokenizer.decode([id]));
  for await (const { tokens = [], finishReason, usage } of lm.generate(prompt, options)) {
    for (const { id, logprob, top = [] } of tokens) {
      const others = top.map((other) => `${show(other.id)} ${other.logprob.toFixed(2)}`);
      print(
        `${show(id).padEnd(16)} ${logprob.toFixed(3).padStart(8)}   ${others.join("  ")}`,
      );
    }
    if (usage !== undefined) note(summary(lm, finishReason, usage, options));
  }
}

async function printWhole(
  lm: TextGenerator,
  prompt: string,
  options: GenerateOptions,
): Promise<void> {
  const pieces = await Array.fromAsync(lm.generate(prompt, options));
  const tokens = pieces.flatMap((piece) => piece.tokens ?? []);
  const { finishReason, usage } = pieces[pieces.length - 1];
  printJson({
    text: pieces.map(({ text }) => text).join(""),
    ids: pieces.flatMap(({ ids }) => ids),
    ...tokens.length > 0 && { tokens },
    finishReason,
    usage,
    engine: lm.engine,
    seed: options.seed,
  });
}
