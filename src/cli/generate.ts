/** `fewbit generate`. */
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { readFile } from "../files/read_file.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import type { TextPiece, Usage } from "../pipelines/text/text_piece.ts";
import type { GenerateOptions } from "../pipelines/text/text_session.ts";
import { readAll } from "./_lines.ts";
import { ClosedOutput, note, print, printJson, write } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, number } from "./_run.ts";
import { MODEL_TEXT, samplingFlags, samplingOf } from "./_sampling.ts";

/** Longest prompt that is read from standard input. */
const MAX_PROMPT_BYTES = 2 ** 26;

/** What `fewbit generate` takes and does. */
export default function generateCommand(command: Command, signal: AbortSignal): void {
  const typed = command
    .argument("[prompt]", "Text to go on from (default, or -: standard input)")
    .option("--model <model>", `${MODEL_TEXT} (default: a small model of Shakespeare's plays)`)
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .option("--state <file>", "Go on from a saved state: see fewbit prefill --help");
  samplingFlags(command);
  typed
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
      const logprobs = number("logprobs", args.logprobs);
      const options = { ...samplingOf(command), logprobs, signal };
      const engine = choice("engine", args.engine, ENGINES);
      const prompt = await promptOf(given);
      const state = args.state === undefined ? undefined : await readFile(args.state);
      using lm = await TextGenerator.fromPretrained(args.model, { engine, signal });
      using session = lm.session(state);
      const answer = { lm, prompt, options, pieces: session.generate(prompt, options) };
      if (args.json) await printWhole(answer);
      else if (options.logprobs === 0) await stream(answer);
      else await printTokens(answer);
    });
}

/** An answer that is on its way. */
interface Answer {
  readonly lm: TextGenerator;
  readonly prompt: string;
  readonly options: GenerateOptions;
  readonly pieces: AsyncIterable<TextPiece>;
}

async function promptOf(given: string | undefined): Promise<string> {
  return given !== undefined && given !== "-" ? given : await readAll("-", MAX_PROMPT_BYTES);
}

/** Writes the text as it comes, and how it went on standard error. */
async function stream({ lm, prompt, options, pieces }: Answer): Promise<void> {
  let started = false;
  try {
    for await (const { text, finishReason, usage } of pieces) {
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
async function printTokens({ lm, options, pieces }: Answer): Promise<void> {
  const show = (id: number): string => JSON.stringify(lm.tokenizer.decode([id]));
  for await (const { tokens = [], finishReason, usage } of pieces) {
    for (const { id, logprob, top = [] } of tokens) {
      const others = top.map((other) => `${show(other.id)} ${other.logprob.toFixed(2)}`);
      print(
        `${show(id).padEnd(16)} ${logprob.toFixed(3).padStart(8)}   ${others.join("  ")}`,
      );
    }
    if (usage !== undefined) note(summary(lm, finishReason, usage, options));
  }
}

async function printWhole({ lm, options, pieces }: Answer): Promise<void> {
  const all = await Array.fromAsync(pieces);
  const tokens = all.flatMap((piece) => piece.tokens ?? []);
  const { finishReason, usage } = all[all.length - 1];
  printJson({
    text: all.map(({ text }) => text).join(""),
    ids: all.flatMap(({ ids }) => ids),
    ...tokens.length > 0 && { tokens },
    finishReason,
    usage,
    engine: lm.engine,
    seed: options.seed,
  });
}
