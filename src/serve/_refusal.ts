/** Answers that are not what was asked for, in the shape of OpenAI's errors. */

/** What an answer tells besides status and message. */
interface Details {
  /** Field of the request that is wrong. */
  readonly param?: string;
  /** The method that is allowed. */
  readonly allow?: string;
  /** Whether to ask again soon. */
  readonly retry?: boolean;
}

/** A request that is refused, and why. */
export class Refusal extends Error {
  /** Refuses with a status and a sentence. */
  constructor(readonly status: number, message: string, readonly details: Details = {}) {
    super(message);
  }
}

/** The response to whoever made a request that failed; what the server is to blame for is logged. */
export function refused(error: unknown): Response {
  const known = error instanceof Refusal;
  if (!known) console.error(error);
  const status = known ? error.status : 500;
  const message = known ? error.message : "The server failed; the log says why.";
  const { param, allow, retry }: Details = known ? error.details : {};
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return Response.json({ error: { message, type, param: param ?? null, code: null } }, {
    status,
    headers: { ...allow && { allow }, ...retry && { "retry-after": "5" } },
  });
}
