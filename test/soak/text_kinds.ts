/** The requests of a soak of `/v1/completions` and `/v1/chat/completions`, good ones and hostile ones. */
import type { GenerationModel } from "../../src/pipelines/text/generation_model.ts";
import type { Random } from "../fuzz/_random.ts";
import type { Kind, SoakRequest } from "./kinds.ts";

/** A request that gets the same answer each time. */
interface Fixed {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly request: SoakRequest;
}

/** Equal requests, whose times to the first token are compared. */
export const EQUAL = "one of many equal streams";
/** Different requests of a kind. */
const VARIANTS = 12;
/** More than a server takes. */
const LARGE_BYTES = 4_000_000;
const WORDS = "the little dog saw a big red ball and ran to play with his friend in the park".split(
  " ",
);

/** The kinds, with the texts that a model writes for them alone. */
export async function textKinds(lm: GenerationModel): Promise<Kind[]> {
  const many = async (make: (i: number) => Readonly<Record<string, unknown>>, isChat = false) => {
    const all: Fixed[] = [];
    for (let i = 0; i < VARIANTS; i++) all.push(await fixed(lm, make(i), isChat));
    return all;
  };
  const short = await many((i) => ({
    prompt: words(i, 4),
    seed: i,
    max_tokens: 20,
    stream: i % 2 > 0,
  }));
  const long = await many((i) => ({
    prompt: words(i, 60),
    seed: i,
    max_tokens: 8,
    stream: i % 2 > 0,
  }));
  const chats = await many((i) => ({
    messages: [{ role: "system", content: "Be kind" }, { role: "user", content: words(i, 9) }],
    seed: i,
    max_tokens: 16,
    stream: i % 2 > 0,
  }), true);
  const several = await many((i) => ({
    prompt: words(i, 5),
    seed: i,
    n: 3,
    max_tokens: 9,
    stream: true,
  }));
  const stops = await many((i) => ({
    prompt: words(i, 6),
    temperature: 0,
    max_tokens: 40,
    stop: [".", "\n"],
    stream: i % 2 > 0,
  }));
  const equal = [
    await fixed(lm, { prompt: words(3, 20), seed: 1, max_tokens: 24, stream: true }, false),
  ];
  const endless = { prompt: "Once", max_tokens: 400, stream: true };
  return [
    good(EQUAL, 40, equal),
    good("a short prompt", 15, short),
    good("a long prompt", 8, long),
    good("a chat", 12, chats),
    good("three answers", 2, several),
    good("stop strings", 5, stops),
    {
      ...good("a slow body", 2, short),
      make: (random) => {
        const { request } = random.pick(short);
        const [whole] = request.body;
        const half = whole.length >> 1;
        return { ...request, body: [whole.slice(0, half), whole.slice(half)], pauseMs: 50 };
      },
    },
    {
      name: "a client that hangs up on its answer",
      weight: 8,
      deserves: 200,
      make: (random) => ({
        path: "/v1/completions",
        body: [json({ ...endless, stream: random.chance(0.8) })],
        hangUp: { afterMs: random.integer(0, 400), ended: true },
      }),
    },
    bad("a client that hangs up in its body", 2, 400, (random) => ({
      path: "/v1/completions",
      body: [json(endless).slice(0, 20)],
      hangUp: { afterMs: random.integer(0, 50), ended: false },
    })),
    bad("a body too large", 1, 413, () => ({
      path: "/v1/completions",
      body: [new Uint8Array(LARGE_BYTES).fill(0x20)],
      mayBeCutOff: true,
    })),
    bad("truncated JSON", 2, 400, (random) => ({
      path: "/v1/chat/completions",
      body: [json({ messages: [] }).slice(0, random.integer(0, 10))],
    })),
    bad("deep JSON", 1, 400, () => ({
      path: "/v1/completions",
      body: [new TextEncoder().encode(`{"prompt":${"[".repeat(50_000)}`)],
    })),
    bad("fields out of range", 3, 400, (random) => ({
      path: "/v1/completions",
      body: [json({
        prompt: "a",
        ...random.pick<Record<string, unknown>>([
          { temperature: -1 },
          { max_tokens: 0 },
          { n: 99 },
          { stop: [5] },
          { seed: 0.5 },
          { prompt: [1e9] },
          { presence_penalty: 1 },
          { unheard_of: 1 },
        ]),
      })],
    })),
    bad("a picture", 1, 400, () => ({
      path: "/v1/chat/completions",
      body: [json({ messages: [{ role: "user", content: [{ type: "image_url" }] }] })],
    })),
    bad("a prompt beyond the context", 2, 400, () => ({
      path: "/v1/completions",
      body: [json({ prompt: Array(5000).fill(5) })],
    })),
    bad("another model", 1, 404, () => ({
      path: "/v1/completions",
      body: [json({ prompt: "a", model: "another" })],
    })),
    bad("another path", 1, 404, () => ({ path: "/v1/edits", body: [json({})] })),
    bad("another method", 1, 405, () => ({
      path: "/v1/completions",
      method: "PUT",
      body: [json({})],
    })),
    bad("another type of content", 1, 415, () => ({
      path: "/v1/completions",
      type: "text/plain",
      body: [json({ prompt: "a" })],
    })),
  ];
}

/** A request, and what the model writes for it. */
async function fixed(
  lm: GenerationModel,
  body: Readonly<Record<string, unknown>>,
  isChat: boolean,
): Promise<Fixed> {
  const { prompt, messages, seed, max_tokens, temperature, stop, n = 1, stream } = body as {
    readonly prompt?: string;
    readonly messages?: { readonly role: string; readonly content: string }[];
    readonly seed?: number;
    readonly max_tokens: number;
    readonly temperature?: number;
    readonly stop?: string[];
    readonly n?: number;
    readonly stream?: boolean;
  };
  const texts: string[] = [];
  for (let i = 0; i < n; i++) {
    texts.push(
      await lm.complete(messages === undefined ? prompt! : await lm.encodeChat(messages), {
        maxTokens: max_tokens,
        ...seed !== undefined && { seed: seed + i },
        ...temperature !== undefined && { temperature },
        ...stop && { stop },
      }),
    );
  }
  const path = isChat ? "/v1/chat/completions" : "/v1/completions";
  const text = { texts, isChat, isStream: stream === true };
  return { path, body, request: { path, body: [json(body)], text } };
}

function good(name: string, weight: number, requests: readonly Fixed[]): Kind {
  return { name, weight, deserves: 200, make: (random) => random.pick(requests).request };
}

function bad(
  name: string,
  weight: number,
  deserves: number,
  make: (random: Random) => SoakRequest,
): Kind {
  return { name, weight, deserves, make };
}

function words(seed: number, count: number): string {
  return Array.from({ length: count }, (_, i) => WORDS[(seed * 7 + i * (seed + 3)) % WORDS.length])
    .join(" ");
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
