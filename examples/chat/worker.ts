/**
 * A Cloudflare Worker that chats: `POST /chat` with messages streams the answer as text, everything else is
 * a file of the page. The model comes as parts among the files, which are smaller than a file may be.
 */
import { FewbitError, loadGenerator, readParts } from "../../src/generator.ts";
import type { ChatMessage, GenerationModel, TextSession } from "../../src/generator.ts";

interface Environment {
  readonly ASSETS: { fetch(request: Request | string): Promise<Response> };
}

interface Context {
  waitUntil(work: Promise<unknown>): void;
}

/** Of 128 MB the weights of SmolLM2 take 87: this is what there is room for beside them and JavaScript. */
const LIMITS = { context: 1024, chunkSize: 64, symbols: { max_rows: 1 } };
/** Longest body, and longest answer. */
const MAX_BODY_BYTES = 65_536;
const MAX_TOKENS = 256;

/** What is asked. */
interface Question {
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
}

const INDEX = "model.fewbit.parts.json";

let loading: Promise<{ readonly lm: GenerationModel; readonly session: TextSession }> | undefined;
/** One answer at a time: there is memory for one conversation. */
let isBusy = false;

async function open({ ASSETS }: Environment): Promise<Awaited<NonNullable<typeof loading>>> {
  const asset = (name: string): Promise<Response> => ASSETS.fetch(`https://assets/${name}`);
  const index = await asset(INDEX);
  if (!index.ok) throw new FewbitError("not_found", `There is no ${INDEX}: see examples/chat`);
  const lm = await loadGenerator(readParts(await index.json(), asset), LIMITS);
  return { lm, session: lm.session() };
}

function refusal(status: number, message: string): Response {
  return Response.json({ error: message }, {
    status,
    headers: status === 429 ? { "retry-after": "5" } : {},
  });
}

/** The messages of a request, and the temperature; what is wrong with them the template and the session say. */
async function read(request: Request): Promise<Question> {
  const body = await request.text();
  if (body.length > MAX_BODY_BYTES) throw new FewbitError("limit_exceeded", "The body is too long");
  try {
    const { messages, temperature } = JSON.parse(body);
    if (Array.isArray(messages)) return { messages, temperature };
  } catch {
    // It is not JSON, or null.
  }
  throw new FewbitError(
    "invalid_argument",
    'Expected {"messages": [{"role": …, "content": …}, …]}',
  );
}

/** The answer as it is written. Whoever goes away stops it; then the session is put in order. */
async function streamed(
  session: TextSession,
  { messages, temperature }: Question,
  context: Context,
): Promise<Response> {
  const stop = new AbortController();
  const pieces = session.chat(messages, {
    maxTokens: MAX_TOKENS,
    signal: stop.signal,
    ...temperature !== undefined && { temperature },
  });
  const { promise, resolve: end } = Promise.withResolvers<void>();
  context.waitUntil(promise.then(() => {
    isBusy = false;
  }));
  // What is refused is so before the first piece.
  let next = await pieces.next();
  const text = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (next.done) {
          end();
          return controller.close();
        }
        controller.enqueue(text.encode(next.value.text));
        next = await pieces.next();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    async cancel() {
      stop.abort();
      await pieces.return().catch(() => {});
      end();
    },
  });
  return new Response(body, { headers: { "content-type": "text/plain; charset=utf-8" } });
}

async function chat(
  request: Request,
  environment: Environment,
  context: Context,
): Promise<Response> {
  if (request.method !== "POST") return refusal(405, "Expected POST");
  if (isBusy) return refusal(429, "Another answer is being written");
  isBusy = true;
  try {
    const question = await read(request);
    loading ??= open(environment);
    const opened = await loading.catch((error: Error) => error);
    if (opened instanceof Error) {
      loading = undefined;
      isBusy = false;
      return refusal(503, opened.message);
    }
    return await streamed(opened.session, question, context);
  } catch (error) {
    isBusy = false;
    if (!(error instanceof FewbitError)) throw error;
    return refusal(400, error.message);
  }
}

export default {
  async fetch(request: Request, environment: Environment, context: Context): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/chat") return await chat(request, environment, context);
    if (pathname !== "/health") return await environment.ASSETS.fetch(request);
    const { lm } = await loading ?? {};
    return Response.json({ loaded: lm !== undefined, memory_bytes: lm?.memoryBytes ?? 0 });
  },
};
