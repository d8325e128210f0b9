/** What all endpoints have in common: addresses, methods, keys, pages of other origins, models, health. */
import { readJson } from "./_body.ts";
import type { BodyLimits } from "./_body.ts";
import { quote } from "./_quote.ts";
import { Refusal, refused } from "./_refusal.ts";

/** Settings of a server, whatever it serves. */
export interface ServerOptions {
  /** Name that answers give; a request for another model is refused. */
  readonly model: string;
  /** Most bytes of a body. Default 2 MB. */
  readonly maxBodyBytes?: number;
  /** How long a body may take to come. Default 30 seconds. */
  readonly bodyTimeoutMs?: number;
  /** How long a request waits for the model to be loaded. Default 30 seconds. */
  readonly loadTimeoutMs?: number;
  /** Origin that pages may ask from. Default `*`: any; null: none. */
  readonly allowOrigin?: string | null;
  /** Key that requests must have, as `Authorization: Bearer KEY`; `/health` needs none. Default: none. */
  readonly apiKey?: string;
  /** What `/health` tells besides; a `status` other than `ok`, `idle` or `loading` makes it a 503. */
  readonly health?: () => Readonly<Record<string, unknown>>;
  /** Called when a request was answered, for a log. */
  readonly onRequest?: (record: RequestRecord) => void;
}

/** What is known of an answer, and nothing that a user wrote. */
export interface AnswerFacts {
  /** The path; absent where there is none such, for it may hold anything. */
  readonly path?: string;
  /** Tokens that were read. */
  readonly promptTokens?: number;
  /** Tokens that were written. */
  readonly completionTokens?: number;
  /** Milliseconds from the body to the first token. */
  readonly firstTokenMs?: number;
}

/** A request that was answered. */
export interface RequestRecord extends AnswerFacts {
  /** Such as `POST`. */
  readonly method: string;
  /** Of the answer; 499 where nobody waited for it. */
  readonly status: number;
  /** Milliseconds from the request to the end of the answer. */
  readonly ms: number;
}

/** Facts while they come. */
export type GrowingFacts = { -readonly [K in keyof AnswerFacts]: AnswerFacts[K] } & {
  /** The end of an answer that goes on behind the response, and the status it is noted with. */
  ended?: Promise<number>;
};

/** Answers the body of a `POST`. */
export type Endpoint = (
  body: Record<string, unknown>,
  request: Request,
  facts: GrowingFacts,
) => Promise<Response>;

/** Options with defaults. */
export type Settings = ServerOptions & BodyLimits & {
  readonly loadTimeoutMs: number;
  readonly allowOrigin: string | null;
};

const DEFAULTS = {
  maxBodyBytes: 2_000_000,
  bodyTimeoutMs: 30_000,
  loadTimeoutMs: 30_000,
  allowOrigin: "*",
};

/** The options with defaults. */
export function settingsOf(options: ServerOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given), model: options.model };
}

/** A server of some endpoints, by their paths. */
export function gateway(
  endpoints: Readonly<Record<string, Endpoint>>,
  settings: Settings,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const start = performance.now();
    const facts: GrowingFacts = {};
    const response = await answer(request, endpoints, settings, facts).catch((error) =>
      // Whoever asked is gone: nobody reads the answer.
      request.signal.aborted ? new Response(null, { status: 499 }) : refused(error)
    );
    const tell = (status: number): void => {
      const { ended: _, ...known } = facts;
      settings.onRequest?.({
        method: request.method,
        status,
        ms: performance.now() - start,
        ...known,
      });
    };
    if (facts.ended === undefined) tell(response.status);
    else void facts.ended.then(tell);
    allow(settings.allowOrigin, response.headers);
    return response;
  };
}

async function answer(
  request: Request,
  endpoints: Readonly<Record<string, Endpoint>>,
  settings: Settings,
  facts: GrowingFacts,
): Promise<Response> {
  const pathname = pathOf(request);
  if (request.method === "OPTIONS") return preflight(request);
  if (pathname === "/health") {
    facts.path = pathname;
    checkMethod(request, "GET");
    return health(settings);
  }
  const endpoint = Object.hasOwn(endpoints, pathname) ? endpoints[pathname] : undefined;
  const isModels = pathname === "/v1/models" || pathname.startsWith("/v1/models/");
  if (endpoint === undefined && !isModels) {
    const names = Object.keys(endpoints).join(", ");
    throw new Refusal(404, `There is no ${quote(pathname)}; POST to ${names}.`);
  }
  facts.path = isModels ? "/v1/models" : pathname;
  await checkKey(request, settings.apiKey);
  if (endpoint === undefined) {
    checkMethod(request, "GET");
    return models(pathname.slice("/v1/models/".length), settings);
  }
  checkMethod(request, "POST");
  return await endpoint(await readJson(request, settings), request, facts);
}

/** The path, where the request has a URL: one with a broken `Host` has none. */
function pathOf(request: Request): string {
  try {
    // A path in it would be taken for that of the request.
    if (!/[\s/?#@\\]/.test(request.headers.get("host") ?? "")) return new URL(request.url).pathname;
  } catch {
    // Told below.
  }
  throw new Refusal(400, "The request has no valid URL; see its Host header.");
}

function checkMethod({ method }: Request, allowed: "GET" | "POST"): void {
  if (method === allowed || allowed === "GET" && method === "HEAD") return;
  throw new Refusal(405, `Use ${allowed}, not ${method}.`, { allow: allowed });
}

/** Digests are compared, so that the time that it takes tells nothing of the key. */
async function checkKey(request: Request, key: string | undefined): Promise<void> {
  if (key === undefined) return;
  const given = /^Bearer +(.*)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const [a, b] = await Promise.all([digest(given), digest(key)]);
  if (a.reduce((all, byte, i) => all | byte ^ b[i], 0) === 0) return;
  const message = given === ""
    ? "There is no key; send it as Authorization: Bearer KEY."
    : "The key is not the right one.";
  throw new Refusal(401, message, { code: "invalid_api_key" });
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function health({ model, health }: Settings): Response {
  const facts = { status: "ok", model, ...health?.() };
  const isWell = ["ok", "idle", "loading"].includes(facts.status);
  return Response.json(facts, { status: isWell ? 200 : 503 });
}

/** Lets pages of an origin read an answer. */
function allow(origin: string | null, headers: Headers): void {
  if (origin === null) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", "retry-after");
  if (origin !== "*") headers.append("vary", "origin");
}

/** What a browser asks before a page may send JSON with a key. */
function preflight(request: Request): Response {
  const headers = request.headers.get("access-control-request-headers") ??
    "authorization, content-type";
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": headers,
      "access-control-max-age": "86400",
    },
  });
}

/** The list of the one model, or that model. */
function models(id: string, { model }: Settings): Response {
  const one = { id: model, object: "model", created: 0, owned_by: "fewbit" };
  if (id === "") return Response.json({ object: "list", data: [one] });
  if (decode(id) === model) return Response.json(one);
  throw noModel(decode(id), model);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Refuses a request for another model; none is this one. */
export function checkModel(given: unknown, model: string): void {
  if ((given ?? model) !== model) throw noModel(given, model);
}

function noModel(given: unknown, model: string): Refusal {
  return new Refusal(404, `There is no model ${quote(given)}; this is "${model}".`, {
    param: "model",
    code: "model_not_found",
  });
}

/** Waits for a model; its loading goes on for those who ask later. */
export async function loaded<T>(loading: Promise<T>, { loadTimeoutMs }: Settings): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `The model is not loaded after ${loadTimeoutMs} ms; ask again.`;
      reject(new Refusal(503, message, { retryAfter: 5 }));
    }, loadTimeoutMs);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}
