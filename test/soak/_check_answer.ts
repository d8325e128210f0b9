/** Whether an answer is what its request deserves. */
import { problemOfText } from "./_check_text.ts";
import type { Input, Kind, SoakRequest } from "./kinds.ts";
import type { Answer } from "./_send.ts";

/** Remembers the row of every input: it is the same each time, whatever else is asked for. */
export class AnswerChecker {
  readonly #rows = new Map<string, string>();

  /** What is wrong, as a sentence; undefined where nothing is. */
  problem(
    { deserves }: Kind,
    request: SoakRequest,
    answer: Answer | undefined,
  ): string | undefined {
    // The client hung up or was cut off, as it may be.
    if (answer === undefined) return undefined;
    const { status, body } = answer;
    if (status !== deserves) {
      return `status ${status}, expected ${deserves}: ${quote(body)}`;
    }
    if (request.inputs !== undefined) return this.#problemOfRows(request, body);
    if (request.text !== undefined) return problemOfText(request.text, answer);
    if (status === 200) return undefined;
    const { type, message } = (body as { error?: Record<string, unknown> } | undefined)?.error ??
      {};
    return type === "invalid_request_error" && typeof message === "string" && message !== ""
      ? undefined
      : `status ${status} without a reason: ${quote(body)}`;
  }

  #problemOfRows({ inputs = [], base64 = false }: SoakRequest, body: unknown): string | undefined {
    const { data } = (body ?? {}) as { data?: { embedding: unknown; index: unknown }[] };
    if (data?.length !== inputs.length) {
      return `${data?.length ?? "no"} rows for ${inputs.length} inputs: ${quote(body)}`;
    }
    for (const [i, { embedding, index }] of data.entries()) {
      if (index !== i) return `row ${i} says that it is row ${index}`;
      const problem = this.#problemOfRow(inputs[i], base64 ? decode(embedding) : embedding);
      if (problem !== undefined) return problem;
    }
  }

  #problemOfRow(input: Input, row: unknown): string | undefined {
    // JSON has null for what is not finite.
    if (!Array.isArray(row) || row.length === 0 || !row.every(Number.isFinite)) {
      return `${quote(input)} gives ${quote(row)}`;
    }
    const key = JSON.stringify(input);
    const text = row.join();
    const before = this.#rows.get(key);
    if (before === undefined) this.#rows.set(key, text);
    else if (before !== text) return `${key} gives another row than before`;
  }
}

/** Little-endian float32 in base64. */
function decode(embedding: unknown): number[] {
  const bytes = Uint8Array.from(atob(String(embedding)), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "not JSON";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
