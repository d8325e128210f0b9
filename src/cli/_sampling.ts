/** Options of commands that write text. */
import type { Command } from "./_commander.ts";
import type { GenerateOptions } from "../pipelines/text/text_session.ts";
import { number } from "./_run.ts";

/** What these options are as they were typed: `command.opts()`. */
interface TypedSampling {
  readonly maxTokens?: string;
  readonly temperature?: string;
  readonly topK?: string;
  readonly topP?: string;
  readonly minP?: string;
  readonly repetitionPenalty?: string;
  readonly stop?: readonly string[];
  readonly seed?: string;
}

/** Which model. */
export const MODEL_TEXT =
  "model.fewbit; or a folder with config.json, safetensors and tokenizer.json, a .gguf, or " +
  "llama2.c's .bin";

/** Gives a command these options. */
export function samplingFlags(command: Command): void {
  command
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
    .option("--seed <n>", "The same seed writes the same text everywhere");
}

/** What was typed, as options of generating. */
export function samplingOf(command: Command): GenerateOptions & { readonly seed: number } {
  const args: TypedSampling = command.opts();
  return {
    ...optional("maxTokens", "max-tokens", args.maxTokens),
    ...optional("temperature", "temperature", args.temperature),
    ...optional("topK", "top-k", args.topK),
    ...optional("topP", "top-p", args.topP),
    ...optional("minP", "min-p", args.minP),
    ...optional("repetitionPenalty", "repetition-penalty", args.repetitionPenalty),
    seed: args.seed === undefined ? drawSeed() : number("seed", args.seed),
    stop: (args.stop ?? []).map((text) => text.replaceAll("\\n", "\n")),
  };
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
