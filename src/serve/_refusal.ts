/** Answers that are not what was asked for, in the shape of OpenAI's errors. */
import { FewbitError } from "../errors.ts";

/** What an answer tells besides status and message. */
interface Details {
  /** Field of the request that is wrong. */
  readonly param?: string;
  /** What is wrong, for programs. */
  readonly code?: string;
  /** The method that is allowed. */
  readonly allow?: string;
  /** Seconds after which to ask again. */
  readonly retryAfter?: number;
}

/** A request that is refused, and why. */
export class Refusal extends Error {
  /** Refuses with a status and a sentence. */
  constructor(readonly status: number, message: string, readonly details: Details = {}) {
    super(message);
  }
}

/** The body of an answer that is an error. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** What whoever made a request that failed is told; what the server is to blame for is logged. */
export function errorBody(error: unknown): ErrorBody {
  const known = error instanceof Refusal;
  if (!known) console.error(error);
  const message = known ? error.message : "The server failed; the log says why.";
  const { param, code }: Details = known ? error.details : {};
  const type = typeOf(statusOf(error));
  return { error: { message, type, param: param ?? null, code: code ?? null } };
}

/** The response to whoever made a request that failed. */
export function refused(error: unknown): Response {
  const { allow, retryAfter }: Details = error instanceof Refusal ? error.details : {};
  const status = statusOf(error);
  return Response.json(errorBody(error), {
    status,
    headers: {
      ...allow && { allow },
      ...retryAfter && { "retry-after": String(retryAfter) },
      ...status === 401 && { "www-authenticate": "Bearer" },
    },
  });
}

/** Does what a request asks for; what the caller of the library did wrong, the request did. */
export function blaming<T>(param: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw blamed(error, param);
  }
}

/** The same for an error that was caught. */
export function blamed(error: unknown, param?: string): unknown {
  const isTheirs = error instanceof FewbitError &&
    ["invalid_argument", "limit_exceeded", "unsupported", "not_found"].includes(error.code);
  return isTheirs ? new Refusal(400, `${error.message}.`, param ? { param } : {}) : error;
}

function statusOf(error: unknown): number {
  return error instanceof Refusal ? error.status : 500;
}

function typeOf(status: number): string {
  if (status >= 500) return "server_error";
  return status === 429 ? "rate_limit_error" : "invalid_request_error";
}
