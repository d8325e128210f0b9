/** Bodies of requests, which may be long, slow, or no JSON. */
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { Refusal } from "./_refusal.ts";

/** What a body may take. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/** Deepest nesting and most values of a body: a list of token ids is the longest there is. */
const BOUNDS = { maxDepth: 64, maxValues: 2 ** 20 };

/** Reads a body as a JSON object. */
export async function readJson(
  request: Request,
  limits: BodyLimits,
): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new Refusal(415, `The content type is "${type}"; send application/json.`);
  }
  const bytes = await readBytes(request, limits);
  let value: unknown;
  try {
    value = parseJson("Cannot read the body", bytes, BOUNDS);
  } catch (error) {
    if (!(error instanceof FewbitError)) throw error;
    const isSyntax = error.cause !== undefined;
    throw new Refusal(400, isSyntax ? "The body is not JSON in UTF-8." : `${error.message}.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "The body is not a JSON object.");
  }
  return value as Record<string, unknown>;
}

/** Stops as soon as a body is too long, whatever its `content-length` says, or takes too much time. */
async function readBytes(
  request: Request,
  { maxBodyBytes, bodyTimeoutMs }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLong = new Refusal(413, `The body is longer than ${maxBodyBytes} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLong;
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, bodyTimeoutMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) throw new Refusal(408, `The body was not there after ${bodyTimeoutMs} ms.`);
      if (done) break;
      length += value.length;
      if (length > maxBodyBytes) throw tooLong;
      parts.push(value);
    }
  } catch (error) {
    // What comes after it is not read.
    reader.cancel().catch(() => {});
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "The body ended early.");
  } finally {
    clearTimeout(timer);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
