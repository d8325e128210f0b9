/** What a body of `POST /v1/embeddings` may hold. */
import { checkModel } from "./_gateway.ts";
import { quote } from "./_quote.ts";
import { Refusal } from "./_refusal.ts";

/** What the handler needs of an embedder. */
export interface Embedder {
  /** Words of the vocabulary: token ids are below. */
  readonly vocabularySize: number;
  /** Numbers of an embedding. */
  readonly dimension: number;
  /** Whether token ids begin and end as the model's own tokenizer makes them. Default: any do. */
  isFramed?(ids: readonly number[]): boolean;
  /** Embeds texts, or texts that were tokenised elsewhere. */
  embed(
    inputs: readonly Input[],
    options: { readonly signal: AbortSignal; readonly maxTotalTokens: number },
  ): Promise<{ readonly rows: readonly Float32Array[]; readonly tokens: readonly number[] }>;
}

/** A text, or its token ids. */
export type Input = string | readonly number[];

/** A request that can be answered. */
export interface EmbeddingsRequest {
  readonly inputs: readonly Input[];
  /** Whether embeddings are wanted in base64. */
  readonly base64: boolean;
}

/** Reads a body. A field that is null counts as left out, as clients send it. */
export function parseRequest(
  body: Readonly<Record<string, unknown>>,
  embedder: Embedder,
  { model, maxInputs }: { readonly model: string; readonly maxInputs: number },
): EmbeddingsRequest {
  const format = body.encoding_format ?? "float";
  const dimensions = body.dimensions ?? embedder.dimension;
  checkModel(body.model, model);
  if (format !== "float" && format !== "base64") {
    throw new Refusal(400, `encoding_format is ${quote(format)}; use "float" or "base64".`, {
      param: "encoding_format",
    });
  }
  if (dimensions !== embedder.dimension) {
    const message = `dimensions is ${quote(dimensions)}; "${model}" has ${embedder.dimension}.`;
    throw new Refusal(400, message, { param: "dimensions" });
  }
  return { inputs: parseInput(body.input, maxInputs, embedder), base64: format === "base64" };
}

/** A text, texts, the token ids of a text, or of several. */
function parseInput(input: unknown, maxInputs: number, embedder: Embedder): Input[] {
  if (input === undefined || input === null) return bad("input is missing.");
  const single = typeof input === "string" || Array.isArray(input) && typeof input[0] === "number";
  const list: unknown[] = single ? [input] : Array.isArray(input) ? input : bad(
    `input is ${quote(input)}; send a string, an array of strings, or token ids.`,
  );
  if (list.length === 0) bad("input is empty.");
  if (list.length > maxInputs) bad(`input has ${list.length} texts; send at most ${maxInputs}.`);
  return list.map((item, i) => parseText(item, single ? "input" : `input[${i}]`, embedder));
}

function parseText(item: unknown, name: string, embedder: Embedder): Input {
  if (typeof item === "string") return item === "" ? bad(`${name} is an empty string.`) : item;
  if (!Array.isArray(item)) return bad(`${name} is ${quote(item)}; send a string or token ids.`);
  if (item.length === 0) bad(`${name} has no token ids.`);
  const most = embedder.vocabularySize - 1;
  const wrong = item.find((id) => !(Number.isInteger(id) && id >= 0 && id <= most));
  if (wrong !== undefined) {
    bad(`${name} has ${quote(wrong)}; token ids are integers from 0 to ${most}.`);
  }
  if (embedder.isFramed?.(item) === false) {
    bad(
      `${name} has token ids that do not begin and end as those of this model's tokenizer do; ` +
        "send texts (in LangChain: check_embedding_ctx_length=False).",
    );
  }
  return item as number[];
}

function bad(message: string): never {
  throw new Refusal(400, message, { param: "input" });
}
