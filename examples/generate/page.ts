/** The page's script: loads the model beside it and writes on from what the form says. */
/// <reference lib="dom" />
import { openModel, textHash } from "../open_model.ts";
import type { OpenedModel, PageEngine } from "../open_model.ts";

/** Tokens to write before the speed says anything. */
const LEAST_TOKENS = 8;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const numberOf = (id: string): number => element<HTMLInputElement>(id).valueAsNumber;
const [write, stop] = [element<HTMLButtonElement>("write"), element<HTMLButtonElement>("stop")];
const [text, speed, error] = [element("text"), element("speed"), element("error")];
const progress = element<HTMLProgressElement>("progress");
const chosen = element<HTMLSelectElement>("engine");
const runs = element<HTMLTableElement>("runs");

function show(problem: unknown): void {
  error.textContent = problem instanceof Error ? problem.message : String(problem);
}

/** What was opened, by its engine; the model comes once. */
const opened = new Map<PageEngine, Promise<OpenedModel>>();
let file: Promise<ArrayBuffer> | undefined;

async function fetchModel(): Promise<ArrayBuffer> {
  const response = await fetch("./model.fewbit");
  if (!response.ok) throw new Error(`There is no model: HTTP status ${response.status}`);
  progress.max = Number(response.headers.get("content-length") ?? 0) || 1;
  let loaded = 0;
  const counted = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        progress.value = loaded += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  return await new Response(counted).arrayBuffer();
}

/** Opens the model on the engine that is chosen. */
async function open(): Promise<void> {
  const engine = chosen.value as PageEngine;
  write.disabled = true;
  error.textContent = "";
  try {
    file ??= fetchModel();
    const source = new Uint8Array(await file);
    const opening = opened.get(engine) ?? openModel(engine, source, {
      onCompiled: (done, total) => {
        speed.textContent = `${done} of ${total} shaders`;
      },
    });
    opened.set(engine, opening);
    const { lm, engine: name } = await opening;
    speed.textContent = `${(lm.memoryBytes / 1e6).toFixed(1)} MB, ${name}`;
    write.disabled = false;
  } catch (problem) {
    opened.delete(engine);
    file = opened.size === 0 ? undefined : file;
    show(problem);
  } finally {
    progress.hidden = true;
  }
}

/** A row of the table: what an engine wrote, and how long it took. */
async function report(
  engine: PageEngine,
  { engine: name, compileMs }: OpenedModel,
  tokenMs: number,
): Promise<void> {
  const cells = [
    engine === "wasm" ? "WebAssembly" : "WebGPU",
    name,
    compileMs === undefined ? "–" : `${compileMs.toFixed(0)} ms`,
    `${tokenMs.toFixed(1)} ms`,
    await textHash(text.textContent ?? ""),
  ];
  const row = document.createElement("tr");
  row.append(...cells.map((cell) => {
    const data = document.createElement("td");
    data.textContent = cell;
    return data;
  }));
  runs.tBodies[0].append(row);
  runs.hidden = false;
}

async function generate(engine: PageEngine, controller: AbortController): Promise<void> {
  const model = await opened.get(engine)!;
  const { lm } = model;
  const prompt = element<HTMLTextAreaElement>("prompt").value;
  const first = document.createElement("span");
  first.className = "prompt";
  first.textContent = prompt;
  text.replaceChildren(first);
  error.textContent = "";
  let tokens = 0;
  const start = performance.now();
  const options = {
    maxTokens: numberOf("tokens"),
    temperature: numberOf("temperature"),
    seed: numberOf("seed"),
    signal: controller.signal,
  };
  for await (const piece of lm.generate(prompt, options)) {
    text.append(piece.text);
    tokens += piece.ids.length;
    if (tokens < LEAST_TOKENS && piece.usage === undefined) continue;
    const rate = 1000 * tokens / (performance.now() - start);
    speed.textContent = `${tokens} tokens, ${rate.toFixed(0)} a second`;
    if (piece.usage === undefined) continue;
    const { completionTokens, completionMs } = piece.usage;
    await report(engine, model, completionMs / completionTokens);
  }
}

chosen.addEventListener("change", open);
await open();
let current: AbortController | undefined;
stop.addEventListener("click", () => current?.abort());
element<HTMLFormElement>("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (write.disabled || current !== undefined) return;
  current = new AbortController();
  [write.disabled, stop.disabled, chosen.disabled] = [true, false, true];
  try {
    await generate(chosen.value as PageEngine, current);
  } catch (problem) {
    if (!current.signal.aborted) show(problem);
  } finally {
    current = undefined;
    [write.disabled, stop.disabled, chosen.disabled] = [false, true, false];
  }
});
