/** What `/v1/completions` and `/v1/chat/completions` have in common. */
import type { GenerateOptions } from "../pipelines/text/text_session.ts";
import type { Fields } from "./_fields.ts";
import { StopStrings } from "../text/stop_strings.ts";
import { checkModel } from "./_gateway.ts";
import { blaming } from "./_refusal.ts";

/** How answers are to be made, and how they are to come. */
export interface AnswerOptions {
  /** How many answers to each prompt. */
  readonly n: number;
  readonly stream: boolean;
  /** Whether a stream ends with the usage. */
  readonly includeUsage: boolean;
  readonly generate: GenerateOptions;
}

/** Longest answer, and prompt: without a context to end it, one client could keep a session for hours. */
export const MAX_TOKENS: number = 2 ** 16;
/** Most answers to one prompt. */
const MAX_N = 16;
/** Most alternatives whose log probabilities are told. */
export const MAX_LOGPROBS = 20;

/** Fields that change nothing of the answer, as clients send them. */
const IGNORED = [
  "user",
  "metadata",
  "store",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
];

/** Reads the common fields, and refuses those that nobody read. */
export function readAnswerOptions(
  fields: Fields,
  model: string,
  logprobs: number | undefined,
): AnswerOptions {
  checkModel(fields.any("model"), model);
  const stream = fields.flag("stream") ?? false;
  const streaming = fields.object("stream_options");
  if (streaming !== undefined && !stream) {
    throw fields.refusal("stream_options", "stream_options is for requests with stream: true.");
  }
  const includeUsage = streaming?.flag("include_usage") ?? false;
  streaming?.end(["include_obfuscation"]);
  const maxTokens = fields.integer("max_completion_tokens", [1, 2 ** 31]) ??
    fields.integer("max_tokens", [1, 2 ** 31]);
  fields.any("max_tokens");
  const topP = fields.number("top_p", [0, 1]);
  const generate: GenerateOptions = {
    ...given("maxTokens", maxTokens && Math.min(maxTokens, MAX_TOKENS)),
    ...given("temperature", fields.number("temperature", [0, 2])),
    // At 0 the best token is left, as at any number that is less than its probability.
    ...given("topP", topP === 0 ? Number.MIN_VALUE : topP),
    ...given("topK", fields.integer("top_k", [0, 2 ** 31])),
    ...given("minP", fields.number("min_p", [0, 1])),
    ...given("repetitionPenalty", fields.number("repetition_penalty", [0.01, 100])),
    ...given("seed", fields.integer("seed", [0, Number.MAX_SAFE_INTEGER - MAX_N])),
    ...given("logprobs", logprobs),
    ...given("stop", stopsOf(fields)),
  };
  for (const name of ["presence_penalty", "frequency_penalty"]) fields.notDone(name, 0);
  fields.notDone("logit_bias", {});
  const n = fields.integer("n", [1, MAX_N]) ?? 1;
  fields.end(IGNORED);
  return { n, stream, includeUsage, generate };
}

function given<K extends keyof GenerateOptions>(
  name: K,
  value: GenerateOptions[K],
): Partial<GenerateOptions> {
  return value === undefined ? {} : { [name]: value };
}

function stopsOf(fields: Fields): readonly string[] | undefined {
  const stop = fields.any("stop");
  if (stop === undefined) return undefined;
  const stops: unknown[] = Array.isArray(stop) ? stop : [stop];
  if (!stops.every((one) => typeof one === "string")) {
    throw fields.wrong("stop", "a string or an array of strings");
  }
  // It says how many there may be, and how long.
  blaming("stop", () => new StopStrings(stops));
  return stops;
}
