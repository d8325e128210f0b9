/** Answers to prompts: all of a request at once, as one response or as a stream. */
import { FewbitError } from "../errors.ts";
import type { GenerationModel } from "../pipelines/text/generation_model.ts";
import type { TextPiece } from "../pipelines/text/text_piece.ts";
import type { TextScheduler } from "../pipelines/text/text_scheduler.ts";
import type { GeneratedToken } from "../text/generation.ts";
import type { TokenConstraint } from "../text/token_constraint.ts";
import type { AnswerForm, AnswerNames, NewAnswerForm } from "./_answer_form.ts";
import { eventStream } from "./_event_stream.ts";
import type { GrowingFacts } from "./_gateway.ts";
import { blamed, Refusal } from "./_refusal.ts";
import { MAX_TOKENS } from "./_sampling_fields.ts";
import type { AnswerOptions } from "./_sampling_fields.ts";
import { TokenTexts } from "./_token_texts.ts";

/** A model that answers. */
export interface Loaded {
  readonly lm: GenerationModel;
  readonly scheduler: TextScheduler;
}

/** What is to be answered. */
export interface Question {
  readonly model: string;
  readonly prompts: readonly Int32Array[];
  /** The field of the request that the prompts are from. */
  readonly param: string;
  readonly options: AnswerOptions;
  readonly names: AnswerNames;
  readonly form: NewAnswerForm;
  /** Whether log probabilities are wanted. */
  readonly hasLogprobs: boolean;
  /** What answers must be like, each with one of its own. */
  readonly constraints: readonly (TokenConstraint | undefined)[];
}

/** One answer. */
interface Choice {
  readonly form: AnswerForm;
  readonly pieces: ReadableStream<TextPiece>;
}

/** Seconds after which whoever finds the queue full may try again. */
const RETRY_SECONDS = 1;

/** Answers a question. */
export async function answerQuestion(
  question: Question,
  { lm, scheduler }: Loaded,
  request: Request,
  facts: GrowingFacts,
): Promise<Response> {
  const start = performance.now();
  const gone = new AbortController();
  const signal = AbortSignal.any([request.signal, gone.signal]);
  const choices = begin(question, lm, scheduler, signal, gone);
  facts.promptTokens = question.prompts.reduce((sum, { length }) => sum + length, 0);
  facts.completionTokens = 0;
  let cached = 0;
  const count = (piece: TextPiece, choice: number): void => {
    facts.firstTokenMs ??= performance.now() - start;
    facts.completionTokens! += piece.ids.length;
    // A prompt counts once, however many answers it gets.
    if (choice % question.options.n === 0) cached += piece.usage?.cachedTokens ?? 0;
  };
  const usage = (): object => ({
    prompt_tokens: facts.promptTokens,
    completion_tokens: facts.completionTokens,
    total_tokens: facts.promptTokens! + facts.completionTokens!,
    prompt_tokens_details: { cached_tokens: cached },
  });
  const head = {
    id: `${question.names.idPrefix}-${crypto.randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: question.model,
    system_fingerprint: `fp_${lm.instance.id.slice(0, 12)}`,
  };
  const { stream, includeUsage } = question.options;
  if (!stream) {
    const whole = await Promise.all(choices.map(async ({ form, pieces }, i) => {
      const all: TextPiece[] = [];
      for await (const piece of piecesOf(pieces)) {
        count(piece, i);
        all.push(piece);
      }
      return form.whole(joined(all));
    })).catch((error) => {
      gone.abort();
      throw known(blamed(error));
    });
    return Response.json({ ...head, object: question.names.whole, choices: whole, usage: usage() });
  }
  const { response, ended } = eventStream(
    async (send) => {
      const chunk = (choices: object[], rest: object = includeUsage ? { usage: null } : {}): void =>
        send({ ...head, object: question.names.chunk, choices, ...rest });
      await Promise.all(choices.map(async ({ form, pieces }, i) => {
        for await (const piece of piecesOf(pieces)) {
          count(piece, i);
          for (const choice of form.chunks(piece)) chunk([choice]);
        }
      })).catch((error) => {
        gone.abort();
        throw known(blamed(error));
      });
      if (includeUsage) chunk([], { usage: usage() });
    },
    request.signal,
    () => gone.abort(),
  );
  facts.ended = ended;
  return response;
}

/** What a model says whose texts have no end. */
const NO_CONTEXT = 2 ** 31 - 1;

/** Gives all answers of a question to the scheduler, or none, and then ends the constraints itself. */
function begin(
  question: Question,
  lm: GenerationModel,
  scheduler: TextScheduler,
  signal: AbortSignal,
  gone: AbortController,
): Choice[] {
  const left = [...question.constraints];
  try {
    return beginAll({ ...question, constraints: left }, lm, scheduler, signal, gone);
  } catch (error) {
    for (const constraint of left) constraint?.end?.();
    throw error;
  }
}

/** @param question Its constraints are taken out of their list when an answer has them. */
function beginAll(
  { prompts, param, options, form, hasLogprobs, constraints }: Question & {
    readonly constraints: (TokenConstraint | undefined)[];
  },
  lm: GenerationModel,
  scheduler: TextScheduler,
  signal: AbortSignal,
  gone: AbortController,
): Choice[] {
  const { n, generate } = options;
  const count = prompts.length * n;
  if (count > scheduler.capacity) {
    const message = `${count} answers are more than this server takes, ${scheduler.capacity}.`;
    throw new Refusal(400, message, { param: n > 1 ? "n" : param });
  }
  if (count > scheduler.room) {
    throw new Refusal(429, "Too many requests wait; ask again later.", {
      code: "rate_limit_exceeded",
      retryAfter: RETRY_SECONDS,
    });
  }
  const most = scheduler.context === NO_CONTEXT ? MAX_TOKENS : scheduler.context;
  const long = prompts.find(({ length }) => length > most);
  if (long !== undefined) throw tooLong(`The prompt has ${long.length}.`, most, param);
  try {
    return Array.from({ length: count }, (_, i) => {
      const prompt = prompts[Math.floor(i / n)];
      const [constraint] = constraints;
      const pieces = scheduler.generate(prompt, {
        ...generate,
        // Of one seed come as many different answers.
        ...generate.seed !== undefined && { seed: generate.seed + i % n },
        ...constraint && { constraint },
        signal,
      });
      constraints.shift();
      return {
        form: form(i, hasLogprobs ? new TokenTexts(lm.tokenizer, prompt) : undefined),
        pieces,
      };
    });
  } catch (error) {
    gone.abort();
    if (error instanceof FewbitError && error.code === "limit_exceeded") {
      throw tooLong(`${error.message}.`, most, param);
    }
    throw known(blamed(error));
  }
}

function tooLong(why: string, most: number, param: string): Refusal {
  const message = `This model's maximum context length is ${most} tokens. ${why}`;
  return new Refusal(400, message, { param, code: "context_length_exceeded" });
}

/** The pieces as they come; not all hosts iterate streams. */
async function* piecesOf(pieces: ReadableStream<TextPiece>): AsyncGenerator<TextPiece> {
  const reader = pieces.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** All pieces of an answer as one. */
function joined(pieces: readonly TextPiece[]): TextPiece {
  const tokens: GeneratedToken[] = pieces.flatMap((piece) => piece.tokens ?? []);
  return {
    ...pieces[pieces.length - 1],
    text: pieces.map(({ text }) => text).join(""),
    ids: pieces.flatMap(({ ids }) => ids),
    ...tokens.length > 0 && { tokens },
  };
}

/** That a server stops, or a model was unloaded, is no defect. */
function known(error: unknown): unknown {
  const isGone = error instanceof FewbitError && error.code === "disposed";
  return isGone
    ? new Refusal(503, "The server is stopping.", { retryAfter: RETRY_SECONDS })
    : error;
}
