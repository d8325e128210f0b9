/** The page's script: loads the model beside it and writes on from what the form says. */
/// <reference lib="dom" />
import { loadGenerator } from "../../src/generator.ts";
import type { GenerationModel } from "../../src/generator.ts";

/** Tokens to write before the speed says anything. */
const LEAST_TOKENS = 8;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const numberOf = (id: string): number => element<HTMLInputElement>(id).valueAsNumber;
const [write, stop] = [element<HTMLButtonElement>("write"), element<HTMLButtonElement>("stop")];
const [text, speed, error] = [element("text"), element("speed"), element("error")];
const progress = element<HTMLProgressElement>("progress");

function show(problem: unknown): void {
  error.textContent = problem instanceof Error ? problem.message : String(problem);
}

async function open(): Promise<GenerationModel | undefined> {
  try {
    const lm = await loadGenerator(await fetch("./model.fewbit"), {
      onProgress: (loaded, total) => {
        if (total === undefined) return;
        progress.max = total;
        progress.value = loaded;
      },
    });
    write.disabled = false;
    speed.textContent = `${(lm.memoryBytes / 1e6).toFixed(1)} MB, ${lm.engine}`;
    return lm;
  } catch (problem) {
    show(problem);
  } finally {
    progress.hidden = true;
  }
}

async function generate(lm: GenerationModel, controller: AbortController): Promise<void> {
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
  }
}

const lm = await open();
let current: AbortController | undefined;
stop.addEventListener("click", () => current?.abort());
element<HTMLFormElement>("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (lm === undefined || current !== undefined) return;
  current = new AbortController();
  [write.disabled, stop.disabled] = [true, false];
  try {
    await generate(lm, current);
  } catch (problem) {
    if (!current.signal.aborted) show(problem);
  } finally {
    current = undefined;
    [write.disabled, stop.disabled] = [false, true];
  }
});
