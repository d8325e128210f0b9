/** What a body of `POST /v1/completions` may hold. */
import { Fields } from "./_fields.ts";
import type { JsonObject } from "./_fields.ts";
import { quote } from "./_quote.ts";
import { MAX_LOGPROBS, readAnswerOptions } from "./_sampling_fields.ts";
import type { AnswerOptions } from "./_sampling_fields.ts";

/** A text, or its token ids. */
export type TextOrIds = string | readonly number[];

/** A request that can be answered. */
export interface CompletionRequest extends AnswerOptions {
  readonly prompts: readonly TextOrIds[];
  /** How many alternatives of each token to tell; `undefined` where not even the token's own is wanted. */
  readonly logprobs: number | undefined;
}

/** Most prompts of a request. */
const MAX_PROMPTS = 64;

/** Reads a body. */
export function readCompletionRequest(body: JsonObject, model: string): CompletionRequest {
  const fields = new Fields(body);
  const prompts = promptsOf(fields);
  const logprobs = fields.integer("logprobs", [0, MAX_LOGPROBS]);
  fields.notDone("echo", false);
  fields.notDone("suffix", "");
  fields.notDone("best_of", 1, body.n);
  const sampled = logprobs === undefined ? undefined : Math.max(1, logprobs);
  return { ...readAnswerOptions(fields, model, sampled), prompts, logprobs };
}

/** A text, texts, the token ids of a text, or of several. */
function promptsOf(fields: Fields): TextOrIds[] {
  const prompt = fields.any("prompt");
  if (prompt === undefined) throw fields.refusal("prompt", "prompt is missing.");
  const isIds = Array.isArray(prompt) && typeof prompt[0] === "number";
  const prompts: unknown[] = Array.isArray(prompt) && !isIds ? prompt : [prompt];
  if (prompts.length === 0) throw fields.refusal("prompt", "prompt is empty.");
  if (prompts.length > MAX_PROMPTS) {
    const message = `prompt has ${prompts.length} texts; send at most ${MAX_PROMPTS}.`;
    throw fields.refusal("prompt", message);
  }
  return prompts.map((one, i) => {
    const name = prompts === prompt ? `prompt[${i}]` : "prompt";
    if (typeof one === "string") return one;
    const wrong = Array.isArray(one) ? one.find((id) => !Number.isInteger(id)) : one;
    if (wrong === undefined) return one as number[];
    const message = `${name} has ${quote(wrong)}; send a string or token ids.`;
    throw fields.refusal("prompt", message);
  });
}
