/** What a body of `POST /v1/chat/completions` may hold. */
import type { ChatMessage } from "../text/chat_template.ts";
import { readMessages } from "./_chat_messages.ts";
import { Fields } from "./_fields.ts";
import type { JsonObject } from "./_fields.ts";
import { MAX_LOGPROBS, readAnswerOptions } from "./_sampling_fields.ts";
import type { AnswerOptions } from "./_sampling_fields.ts";

/** The form that an answer must have: any JSON object, or one of a JSON schema. */
export interface AnswerFormat {
  /** A JSON schema; absent: any JSON object. */
  readonly schema?: JsonObject;
}

/** A request that can be answered. */
export interface ChatRequest extends AnswerOptions {
  readonly messages: readonly ChatMessage[];
  /** How many alternatives of each token to tell; `undefined` where not even the token's own is wanted. */
  readonly logprobs: number | undefined;
  /** Absent: any text. */
  readonly format: AnswerFormat | undefined;
}

/** What is not done here. */
const NOT_DONE: Readonly<Record<string, readonly unknown[]>> = {
  tools: [[]],
  tool_choice: ["none", "auto"],
  functions: [[]],
  function_call: ["none", "auto"],
  modalities: [["text"]],
  audio: [],
  prediction: [],
  reasoning_effort: ["none"],
  verbosity: [],
  web_search_options: [],
};

/** Reads a body. */
export function readChatRequest(body: JsonObject, model: string): ChatRequest {
  const fields = new Fields(body);
  const messages = readMessages(fields);
  const top = fields.integer("top_logprobs", [0, MAX_LOGPROBS]);
  const wanted = fields.flag("logprobs") ?? false;
  if (top !== undefined && !wanted) {
    throw fields.refusal("top_logprobs", "top_logprobs is for requests with logprobs: true.");
  }
  for (const [name, neutral] of Object.entries(NOT_DONE)) fields.notDone(name, ...neutral);
  fields.any("parallel_tool_calls");
  const logprobs = wanted ? top ?? 0 : undefined;
  const format = formatOf(fields);
  const sampled = logprobs === undefined ? undefined : Math.max(1, logprobs);
  return { ...readAnswerOptions(fields, model, sampled), messages, logprobs, format };
}

function formatOf(fields: Fields): AnswerFormat | undefined {
  const format = fields.object("response_format");
  if (format === undefined) return undefined;
  const type = format.any("type");
  if (type !== "text" && type !== "json_object" && type !== "json_schema") {
    throw format.wrong("type", "text, json_object or json_schema");
  }
  const named = format.object("json_schema");
  format.end();
  if (type === "text") return undefined;
  if (type === "json_object") return {};
  if (named === undefined) {
    throw fields.refusal("response_format", "response_format.json_schema is missing.");
  }
  const schema = named.any("schema");
  named.end(["name", "description", "strict"]);
  if (typeof schema === "object" && !Array.isArray(schema)) return { schema: schema as JsonObject };
  throw named.wrong("schema", "a JSON schema");
}
