/** The page's script: a conversation with a model in this page, or with the Worker that serves it. */
/// <reference lib="dom" />
import { readParts } from "../../src/generator.ts";
import type { ChatMessage, TextSession } from "../../src/generator.ts";
import { openModel, textHash } from "../open_model.ts";
import type { PageEngine } from "../open_model.ts";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [send, stop] = [element<HTMLButtonElement>("send"), element<HTMLButtonElement>("stop")];
const [said, status, error] = [element("said"), element("status"), element("error")];
const [say, place] = [
  element<HTMLTextAreaElement>("say"),
  element<HTMLSelectElement>("place"),
];
const progress = element<HTMLProgressElement>("progress");

/** Texts of an answer as they come. */
type Answer = (messages: readonly ChatMessage[], signal: AbortSignal) => AsyncIterable<string>;

/** `?temperature=0` of the address, where it is there. */
const given = new URLSearchParams(location.search).get("temperature");
const sampling = given === null ? {} : { temperature: Number(given) };

/** The model in this page, once it is loaded, by its engine. */
const sessions = new Map<PageEngine, Promise<TextSession>>();

async function open(engine: PageEngine): Promise<TextSession> {
  const url = new URL("model.fewbit.parts.json", location.href);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`There is no model: HTTP status ${response.status}`);
  const parts = readParts(await response.json(), (name) => fetch(new URL(name, url)));
  progress.hidden = false;
  try {
    const { lm, engine: name, compileMs } = await openModel(engine, parts, {
      context: 1024,
      chunkSize: 64,
      symbols: { max_rows: 1 },
      onProgress: (loaded, total) => {
        if (total !== undefined) [progress.max, progress.value] = [total, loaded];
      },
      onCompiled: (done, total) => [progress.max, progress.value] = [total, done],
    });
    const shaders = compileMs === undefined ? "" : `, shaders in ${compileMs.toFixed(0)} ms`;
    status.textContent = `${(lm.memoryBytes / 1e6).toFixed(0)} MB, ${name}${shaders}`;
    return lm.session();
  } finally {
    progress.hidden = true;
  }
}

const inPage = (engine: PageEngine): Answer =>
  async function* (messages, signal) {
    const opening = sessions.get(engine) ?? open(engine);
    sessions.set(engine, opening);
    const mine = await opening.catch((problem) => {
      sessions.delete(engine);
      throw problem;
    });
    let whole = "";
    for await (
      const { text, usage } of mine.chat(messages, { ...sampling, maxTokens: 256, signal })
    ) {
      yield text;
      whole += text;
      if (usage === undefined) continue;
      const { promptTokens, cachedTokens, completionTokens, completionMs } = usage;
      status.textContent = `${promptTokens} tokens read, ${cachedTokens} of them before; ` +
        `${completionTokens} written, ${
          (1000 * completionTokens / completionMs).toFixed(0)
        } a second; SHA-256 ${await textHash(whole)}`;
    }
  };

const inWorker: Answer = async function* (messages, signal) {
  const body = JSON.stringify({ messages, ...sampling });
  const response = await fetch("./chat", { method: "POST", body, signal });
  if (!response.ok || response.body === null) {
    throw new Error(
      (await response.json().catch(() => ({}))).error ?? `HTTP status ${response.status}`,
    );
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
};

/** By the place that is chosen. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  page: inPage("wasm"),
  gpu: inPage("webgpu"),
  worker: inWorker,
};

let messages: ChatMessage[] = [];
let current: AbortController | undefined;

/** Shows a message; gives the element of its text. */
function show(role: string, text: string): HTMLElement {
  const message = document.createElement("p");
  message.className = role;
  message.textContent = text;
  said.append(message);
  message.scrollIntoView({ block: "nearest" });
  return message;
}

async function answer(content: string): Promise<void> {
  const asked = [...messages, { role: "user", content }];
  show("user", content);
  const shown = show("assistant", "");
  current = new AbortController();
  [send.disabled, stop.disabled] = [true, false];
  error.textContent = "";
  try {
    const pieces = ANSWERS[place.value];
    for await (const text of pieces(asked, current.signal)) shown.append(text);
  } catch (problem) {
    if (!current.signal.aborted) {
      error.textContent = problem instanceof Error ? problem.message : String(problem);
    }
  } finally {
    current = undefined;
    [send.disabled, stop.disabled] = [false, true];
  }
  // What was stopped before a word was not said.
  if (shown.textContent === "") shown.remove();
  else messages = [...asked, { role: "assistant", content: shown.textContent! }];
}

stop.addEventListener("click", () => current?.abort());
element("anew").addEventListener("click", () => {
  current?.abort();
  messages = [];
  said.replaceChildren();
});
element<HTMLFormElement>("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = say.value.trim();
  if (content === "" || current !== undefined) return;
  say.value = "";
  answer(content);
});
say.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  element<HTMLFormElement>("form").requestSubmit();
});
