/** A server of a small model with a chat template, and requests to it. */
import assert from "node:assert/strict";
import { decodeHead } from "../../src/program/decode.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { GeneratorOptions } from "../../src/pipelines/text/text_generator.ts";
import { textServer } from "../../src/serve/text_api.ts";
import type { TextServer, TextServerOptions } from "../../src/serve/text_api.ts";

/** Writes a conversation as lines. */
export const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}" +
  "{% if add_generation_prompt %}assistant:{% endif %}";

/** The shipped model of stories, to which a chat template is added. */
export async function storiesFile(): Promise<Uint8Array<ArrayBuffer>> {
  const path = new URL("../../models/stories260k.fewbit", import.meta.url);
  const file = await Deno.readFile(path);
  const { program, segments } = decodeHead(file);
  // Where the bytes of a region begin and end is enough: the first of its tensors has them all.
  const left = new Map(
    segments.map(({ kind, offset, length }) => [kind as string, [offset, length]]),
  );
  const data = program.tensors.map(({ region }, i): [number, Uint8Array] => {
    const [offset, length] = left.get(region) ?? [0, 0];
    left.set(region, [0, 0]);
    return [i, file.subarray(offset, offset + length)];
  });
  const { metadata } = program;
  const tokenizerConfig = { ...metadata.tokenizerConfig as object, chat_template: TEMPLATE };
  return await encodeProgram({
    ...program,
    metadata: { ...metadata, tokenizerConfig },
    data: new Map(data),
  });
}

/** The model. */
export async function storiesModel(options: GeneratorOptions = {}): Promise<TextGenerator> {
  return await TextGenerator.fromPretrained(await storiesFile(), options);
}

/** What servers of this model are called. */
export const MODEL = "stories";

/** A server. */
export function serverOf(lm: TextGenerator, options: Partial<TextServerOptions> = {}): TextServer {
  return textServer(() => Promise.resolve(lm), { model: MODEL, ...options });
}

/** A request with a body in JSON. */
export function post(path: string, body: unknown, init: RequestInit = {}): Request {
  return new Request(`http://host${path}`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
}

/** The events of a stream; the last one must be the word that ends it. */
export async function eventsOf(response: Response): Promise<Record<string, unknown>[]> {
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events = (await response.text()).split("\n\n");
  assert.equal(events.pop(), "");
  assert.equal(events.pop(), "data: [DONE]");
  return events.map((event) => {
    assert.match(event, /^data: \{.*\}$/);
    return JSON.parse(event.slice("data: ".length));
  });
}
