/** Sends a request of a soak, with the manners that it has. */
import { setTimeout as delay } from "node:timers/promises";
import type { SoakRequest } from "./kinds.ts";

/** What the server said. */
export interface Answer {
  readonly status: number;
  /** Undefined where the body is not JSON. */
  readonly body: unknown;
  /** What came. */
  readonly text: string;
  /** Milliseconds until the first of it came. */
  readonly firstMs: number;
}

/**
 * Sends a request and reads the answer.
 *
 * @returns Undefined where the client hung up first, or was cut off and may be.
 * @throws Where there is no answer, or not in time.
 */
export async function send(
  base: string,
  request: SoakRequest,
  timeoutMs: number,
): Promise<Answer | undefined> {
  const { method = "POST", path = "/v1/embeddings", type = "application/json", hangUp } = request;
  const start = performance.now();
  const timeout = AbortSignal.timeout(hangUp?.afterMs ?? timeoutMs);
  try {
    const response = await fetch(new URL(path, base), {
      method,
      headers: { "content-type": type },
      body: bodyOf(request),
      signal: timeout,
    });
    const { text, firstMs } = await readText(response, start);
    return { status: response.status, body: parsed(text), text, firstMs };
  } catch (error) {
    if (timeout.aborted ? hangUp !== undefined : request.mayBeCutOff) return undefined;
    throw timeout.aborted ? new Error(`no answer in ${timeoutMs} ms`) : error;
  }
}

async function readText(
  response: Response,
  start: number,
): Promise<{ readonly text: string; readonly firstMs: number }> {
  let [text, firstMs] = ["", NaN];
  const decoder = new TextDecoderStream();
  for await (const part of (response.body ?? new Blob([]).stream()).pipeThrough(decoder)) {
    if (Number.isNaN(firstMs)) firstMs = performance.now() - start;
    text += part;
  }
  return { text, firstMs };
}

/** One piece goes with its length, several without. */
function bodyOf({ body, pauseMs = 0, hangUp }: SoakRequest): BodyInit {
  if (body.length === 1 && hangUp?.ended !== false) return body[0];
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      if (pauseMs > 0) await delay(pauseMs);
      if (next < body.length) controller.enqueue(body[next++]);
      else if (hangUp?.ended !== false) controller.close();
      else await new Promise(() => {});
    },
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
