/** The requests of a soak: what they are, how often they come and which status they deserve. */
import type { Random } from "../fuzz/_random.ts";

/** The answer that a request for a text deserves. */
export interface ExpectedText {
  /** What the model writes for it alone. */
  readonly texts: readonly string[];
  readonly isChat: boolean;
  readonly isStream: boolean;
}

/** A request to a server, or what somebody sends there. */
export interface SoakRequest {
  /** Default POST. */
  readonly method?: string;
  /** Default `/v1/embeddings`. */
  readonly path?: string;
  /** Default `application/json`. */
  readonly type?: string;
  /** In pieces, with a pause before each. */
  readonly body: readonly Uint8Array<ArrayBuffer>[];
  /** Milliseconds of a pause. Default 0. */
  readonly pauseMs?: number;
  /** The client hangs up so many milliseconds after the last piece, or before the body has ended. */
  readonly hangUp?: { readonly afterMs: number; readonly ended: boolean };
  /**
   * The server may close the connection before it has read the body, so that the client, which still
   * writes, may not see the answer (RFC 9112, 9.6).
   */
  readonly mayBeCutOff?: boolean;
  /** The inputs to which a good answer has a row each. */
  readonly inputs?: readonly Input[];
  /** Rows come in base64. */
  readonly base64?: boolean;
  /** The text that a good answer has. */
  readonly text?: ExpectedText;
}

/** A text, or ids of tokens. */
export type Input = string | readonly number[];

/** Requests of a kind. */
export interface Kind {
  readonly name: string;
  /** How often it comes, in relation to the others. */
  readonly weight: number;
  /** The status that its requests deserve, where they get an answer. */
  readonly deserves: number;
  make(random: Random): SoakRequest;
}

/** Largest body and most inputs that the handler takes by default. */
const MAX_BODY_BYTES = 2_000_000;
const MAX_INPUTS = 2048;
/** Ids that every vocabulary has. */
const IDS = 1000;
/** `[CLS]` and `[SEP]` of BERT's vocabulary. */
const FRAME = [101, 102];
/** Different texts, so that the same ones come again and again and must get the same rows. */
const TEXTS = 200;

const WORDS = "the old king of a small island wrote letters to his daughter about ships and rain"
  .split(" ");

/** Good requests of several sizes, and hostile ones. */
export const KINDS: readonly Kind[] = [
  good("a short text", 40, (random) => text(random, 5)),
  good("a long text", 4, (random) => text(random, 80)),
  good("8 texts", 10, (random) => texts(random, 8, 8)),
  good("64 texts", 1, (random) => texts(random, 64, 5)),
  good("token ids", 5, (random) => ids(random, 12)),
  good("texts and ids in base64", 5, (random) => [text(random, 5), ids(random, 5)], true),
  {
    name: "a slow body",
    weight: 2,
    deserves: 200,
    make: (random) => {
      const input = text(random, 20);
      return { body: pieces(json({ input }), 5), pauseMs: 50, inputs: [input] };
    },
  },
  bad("a body too large", 1, 413, () => ({
    body: [filler(2 * MAX_BODY_BYTES)],
    mayBeCutOff: true,
  })),
  // So little too large that it is sent before the server can refuse it: it must see the answer.
  bad("a body too large that does not say so", 1, 413, () => ({
    body: pieces(filler(MAX_BODY_BYTES + 10_000), 20),
  })),
  bad("truncated JSON", 3, 400, (random) => {
    const whole = json({ input: texts(random, 4, 5) });
    return { body: [whole.slice(0, random.integer(0, whole.length - 1))] };
  }),
  bad("bad UTF-8", 3, 400, (random) => {
    const body = json({ input: "what is cut here: é" });
    // A continuation byte without its first, or the other way round.
    return { body: [body.with(body.indexOf(0xC3) + random.integer(0, 1), 0x61)] };
  }),
  bad("wrong types", 3, 400, (random) => {
    const wrong = [{}, null, 7.5, true, [true], [[]], [["a"]], [1, "a"], [1, -1], [[1.5]], [null]];
    return { body: [json({ input: random.pick(wrong) })] };
  }),
  bad("too many texts", 2, 400, (random) => ({
    body: [json({ input: texts(random, MAX_INPUTS + 1, 1) })],
  })),
  bad("too many tokens", 1, 400, (random) => ({
    body: [json({ input: texts(random, MAX_INPUTS, 40) })],
  })),
  bad("another tokenizer's ids", 2, 400, (random) => ({
    body: [json({ input: ids(random, 9).slice(random.integer(0, 1), -1) })],
  })),
  bad("empty strings", 2, 400, (random) => ({
    body: [json({ input: random.pick(["", ["", ""], ["a", ""], []]) })],
  })),
  bad("not an object", 1, 400, (random) => ({
    body: [json(random.pick([[], 1, "a", null]))],
  })),
  bad("another model", 1, 404, () => ({ body: [json({ input: "a", model: "another" })] })),
  bad("another path", 1, 404, () => ({ path: "/v1/completions", body: [json({ input: "a" })] })),
  bad("another method", 1, 405, () => ({ method: "PUT", body: [json({ input: "a" })] })),
  bad("another type of content", 1, 415, () => ({
    type: "text/plain",
    body: [json({ input: "a" })],
  })),
  bad("a client that hangs up in its body", 2, 400, (random) => ({
    body: pieces(json({ input: texts(random, 8, 20) }), 2).slice(0, 1),
    hangUp: { afterMs: random.integer(0, 50), ended: false },
  })),
  {
    name: "a client that hangs up on its answer",
    weight: 2,
    deserves: 200,
    make: (random) => {
      const inputs = texts(random, 8, 20);
      const hangUp = { afterMs: random.integer(0, 20), ended: true };
      return { body: [json({ input: inputs })], hangUp, inputs };
    },
  },
];

function good(
  name: string,
  weight: number,
  make: (random: Random) => Input | readonly Input[],
  base64 = false,
): Kind {
  return {
    name,
    weight,
    deserves: 200,
    make: (random) => {
      const input = make(random);
      const single = typeof input === "string" || typeof input[0] === "number";
      return {
        body: [json({ input, ...base64 && { encoding_format: "base64" } })],
        inputs: single ? [input as Input] : input as readonly Input[],
        base64,
      };
    },
  };
}

function bad(
  name: string,
  weight: number,
  deserves: number,
  make: (random: Random) => SoakRequest,
): Kind {
  return { name, weight, deserves, make };
}

/** One of the `TEXTS` texts of that many words. */
function text(random: Random, words: number): string {
  const number = random.integer(0, TEXTS - 1);
  return `${number} ` +
    Array.from({ length: words }, (_, i) => WORDS[(number * (i + 3) + i) % WORDS.length]).join(" ");
}

function texts(random: Random, count: number, words: number): string[] {
  return Array.from({ length: count }, () => text(random, words));
}

/** One of the `TEXTS` sequences of ids of that length, in their frame. */
function ids(random: Random, length: number): number[] {
  const number = random.integer(0, TEXTS - 1);
  const between = Array.from({ length }, (_, i) => (number * (2 * i + 1) + 103) % IDS);
  return [FRAME[0], ...between, FRAME[1]];
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

function filler(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).fill(0x20);
}

function pieces(bytes: Uint8Array<ArrayBuffer>, count: number): Uint8Array<ArrayBuffer>[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}
