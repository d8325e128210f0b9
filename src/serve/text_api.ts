/**
 * `POST /v1/completions`, `POST /v1/chat/completions` and `GET /v1/models` in the shape of OpenAI's API, and
 * `GET /health`, as an object with a `fetch`: the same for Node, Cloudflare Workers and `deno serve`.
 *
 * @module
 */
import type { GenerationModel } from "../pipelines/text/generation_model.ts";
import { TextScheduler } from "../pipelines/text/text_scheduler.ts";
import type { SchedulerOptions } from "../pipelines/text/text_scheduler.ts";
import type { TokenConstraint } from "../text/token_constraint.ts";
import { answerQuestion } from "./_answers.ts";
import type { Loaded, Question } from "./_answers.ts";
import { CHAT_NAMES, ChatForm } from "./_chat_form.ts";
import { readChatRequest } from "./_chat_request.ts";
import type { AnswerFormat, ChatRequest } from "./_chat_request.ts";
import type { JsonObject } from "./_fields.ts";
import { COMPLETION_NAMES, CompletionForm } from "./_completion_form.ts";
import { readCompletionRequest } from "./_completion_request.ts";
import { gateway, loaded, settingsOf } from "./_gateway.ts";
import type { AnswerFacts, RequestRecord, ServerOptions } from "./_gateway.ts";
import { blamed, blaming, Refusal } from "./_refusal.ts";

export type {
  AnswerFacts,
  AnswerFormat,
  JsonObject,
  RequestRecord,
  SchedulerOptions,
  ServerOptions,
};

/** Makes what one answer has to be like of the form that a request asks for. */
export type Constrain = (
  format: AnswerFormat,
  lm: GenerationModel,
) => TokenConstraint | Promise<TokenConstraint>;

/** Settings of {@linkcode textServer}. */
export interface TextServerOptions extends ServerOptions, SchedulerOptions {
  /** What `response_format` needs; without it a request with one is refused. */
  readonly constrain?: Constrain;
}

/** What a host of Workers hands over with a request. */
export interface RequestContext {
  /** Keeps the Worker at work when the request has been answered, or given up. */
  waitUntil?(work: Promise<unknown>): void;
}

/** A server of a language model. */
export interface TextServer {
  /**
   * Answers a request.
   *
   * @param context In a Worker, which ends what is at work for a request with it: answers to others are, too.
   */
  fetch(request: Request, context?: RequestContext): Promise<Response>;
  /**
   * Refuses further requests and waits for those that are being answered, which are ended after some time.
   *
   * @param drainMs How long they may take. Default 30 seconds.
   */
  stop(drainMs?: number): Promise<void>;
}

/**
 * Makes a server of a language model.
 *
 * @param lm Gives the model, which is loaded with the first request; as many answers are written at once as it
 * was loaded with `sessions`.
 *
 * @example
 * ```ts
 * import { loadGenerator } from "@fewbit/fewbit/generator";
 * import { textServer } from "@fewbit/fewbit/server";
 *
 * const file = await fetch("https://example.com/hgrn-bit-shakespeare.fewbit");
 * const lm = loadGenerator(file, { sessions: 4, parallel: 4 });
 * const server = textServer(() => lm, { model: "plays" }); // a module may export it as its default
 * const response = await server.fetch(
 *   new Request("https://localhost/v1/completions", {
 *     method: "POST",
 *     body: JSON.stringify({ prompt: "ROMEO:", max_tokens: 9 }),
 *     headers: { "content-type": "application/json" },
 *   }),
 * );
 * console.log((await response.json()).choices[0].text);
 * ```
 */
export function textServer(
  lm: () => Promise<GenerationModel>,
  options: TextServerOptions,
): TextServer {
  const settings = settingsOf({ ...options, health });
  let current: Loaded | undefined;
  let isStopping = false;
  function health(): Readonly<Record<string, unknown>> {
    return {
      ...current === undefined ? { status: "idle" } : {
        engine: current.lm.engine,
        memory_bytes: current.lm.memoryBytes,
        active: current.scheduler.active,
        waiting: current.scheduler.waiting,
      },
      ...options.health?.(),
      ...isStopping && { status: "stopping" },
    };
  }
  /** The model and its scheduler, which is a new one where the model was loaded anew. */
  const ready = async (): Promise<Loaded> => {
    const model = await loaded(lm(), settings);
    if (isStopping) {
      throw new Refusal(503, "The server is stopping.", { retryAfter: 1 });
    }
    if (current?.lm !== model) {
      current?.scheduler[Symbol.dispose]();
      current = { lm: model, scheduler: TextScheduler.of(model, options) };
    }
    return current;
  };
  const fetch = gateway({
    "/v1/completions": async (body, request, facts) => {
      const { prompts, logprobs, ...answer } = readCompletionRequest(body, settings.model);
      const model = await ready();
      const question: Question = {
        model: settings.model,
        prompts: prompts.map((prompt) => blaming("prompt", () => idsOf(model.lm, prompt))),
        param: "prompt",
        options: answer,
        names: COMPLETION_NAMES,
        form: (index, tokens) => new CompletionForm(index, tokens, logprobs ?? 0),
        hasLogprobs: logprobs !== undefined,
        constraints: [],
      };
      return await answerQuestion(question, model, request, facts);
    },
    "/v1/chat/completions": async (body, request, facts) => {
      const chat = readChatRequest(body, settings.model);
      const model = await ready();
      const ids = await model.lm.encodeChat(chat.messages).catch((error) => {
        throw blamed(error, "messages");
      });
      const constraints = await constraintsOf(chat, model.lm, options.constrain);
      const question: Question = {
        model: settings.model,
        prompts: [ids],
        param: "messages",
        options: chat,
        names: CHAT_NAMES,
        form: (index, tokens) => new ChatForm(index, tokens, chat.logprobs ?? 0),
        hasLogprobs: chat.logprobs !== undefined,
        constraints,
      };
      return await answerQuestion(question, model, request, facts);
    },
  }, settings);
  return {
    async fetch(request, context) {
      const response = await fetch(request);
      if (current !== undefined) context?.waitUntil?.(current.scheduler.idle());
      return response;
    },
    async stop(drainMs = 30_000) {
      isStopping = true;
      if (current === undefined) return;
      const { scheduler } = current;
      scheduler.close();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, drainMs));
      await Promise.race([scheduler.idle(), late]);
      clearTimeout(timer);
      scheduler[Symbol.dispose]();
    },
  };
}

/** A prompt as ids. */
function idsOf(lm: GenerationModel, prompt: string | readonly number[]): Int32Array {
  const ids = typeof prompt === "string"
    ? lm.tokenizer.encode(prompt).ids
    : readIds(prompt, lm.vocabularySize);
  if (ids.length > 0) return ids;
  throw new Refusal(400, "prompt has no tokens.", { param: "prompt" });
}

function readIds(ids: readonly number[], vocabularySize: number): Int32Array {
  const wrong = ids.find((id) => id < 0 || id >= vocabularySize);
  if (wrong === undefined) return Int32Array.from(ids);
  throw new Refusal(400, `prompt has ${wrong}; ids are from 0 to ${vocabularySize - 1}.`, {
    param: "prompt",
  });
}

/** A constraint for each answer. */
async function constraintsOf(
  { format, n }: ChatRequest,
  lm: GenerationModel,
  constrain: Constrain | undefined,
): Promise<TokenConstraint[]> {
  if (format === undefined) return [];
  if (constrain === undefined) {
    throw new Refusal(400, "response_format is not supported by this server; leave it out.", {
      param: "response_format",
    });
  }
  const made: TokenConstraint[] = [];
  try {
    while (made.length < n) made.push(await constrain(format, lm));
    return made;
  } catch (error) {
    for (const constraint of made) constraint.end?.();
    throw blamed(error, "response_format");
  }
}
