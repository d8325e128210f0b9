/** How long others wait while a pipeline is at work, how soon an abort is heeded, and what that costs. */
import type { Instance, SyncInstance } from "../src/engines/engine.ts";
import { load } from "../src/engines/load.ts";
import { readEncoderFolder } from "../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../src/compile/encoder_folder.ts";
import { EmbeddingModel } from "../src/pipelines/embedding/embedding_model.ts";
import { ImageClassifier } from "../src/pipelines/image/image_classifier.ts";
import { TextGenerator } from "../src/pipelines/text/text_generator.ts";
import { modelFolder } from "../tools/fetch_model.ts";
import { interleave } from "./interleave.ts";
import type { Timings } from "./interleave.ts";
import { paragraphs } from "./minilm/texts.ts";
import { table, times } from "../tools/markdown_table.ts";

/** A timer of so many milliseconds asks how long it has to wait. */
const TIMER_MS = 5;
/** Aborts of each work, at moments that are spread over it. */
const ABORTS = 120;
/** Work is repeated for so long in a round of gaps. */
const LEAST_MS = 1000;

/** Characters of a text. */
const TEXT_LENGTH = 120;

/** What is expected. */
const MOST_GAP_MS = { p99: 20, worst: 50 };
const MOST_ABORT_MS = 50;
const LEAST_RATIO = 0.97;

/** Work that takes a while. */
type Work = (signal?: AbortSignal) => Promise<unknown>;

/** Milliseconds: the middle one, the one that 99 of 100 are not above, and the largest. */
interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  readonly count: number;
}

/** What was measured of one work. */
interface Responsiveness {
  readonly gaps: Spread;
  readonly aborts: Spread;
  /** In slices, and with runs that do not let go of the event loop. */
  readonly timings: Timings;
}

/** What was measured, by work. */
export type ResponsiveResults = Readonly<Record<string, Responsiveness>>;

const IN_SLICES = "in slices", BLOCKING = "blocking";

/** Measures all works, one after the other. */
export async function benchResponsive(rounds: number): Promise<ResponsiveResults> {
  const results: Record<string, Responsiveness> = {};
  for (const [name, open] of Object.entries(WORKS)) {
    using work = await open((instance) => instance);
    using blocking = await open(withoutPauses);
    const timings = await interleave([
      { name: IN_SLICES, run: () => work.run() },
      { name: BLOCKING, run: () => blocking.run() },
    ], { rounds, leastMs: 100 });
    const gaps: number[] = [];
    for (let round = 0; round < rounds; round++) gaps.push(...await gapsDuring(work.run));
    const ms = timings.median(IN_SLICES);
    const aborts: number[] = [];
    for (let i = 0; i < ABORTS; i++) {
      aborts.push(...await timeAbort(work.run, ms * (i + 0.5) / ABORTS));
    }
    results[name] = { gaps: spreadOf(gaps), aborts: spreadOf(aborts), timings };
  }
  return results;
}

/** The report in Markdown, with what is expected and was not reached. */
export function reportResponsive(results: ResponsiveResults): string {
  const rows: string[][] = [];
  const short: string[] = [];
  for (const [name, { gaps, aborts, timings }] of Object.entries(results)) {
    const ratio = timings.ratio(IN_SLICES, BLOCKING);
    rows.push([
      name,
      timings.median(IN_SLICES).toFixed(0),
      ...[gaps, aborts].flatMap(({ p50, p99, worst }) =>
        [p50, p99, worst].map((ms) => ms.toFixed(1))
      ),
      times(ratio, timings.bestRatio(IN_SLICES, BLOCKING)),
    ]);
    const isReached = gaps.p99 <= MOST_GAP_MS.p99 && gaps.worst <= MOST_GAP_MS.worst &&
      aborts.p99 <= MOST_ABORT_MS && ratio >= LEAST_RATIO;
    if (!isReached) short.push(name);
  }
  return [
    table([
      "",
      "ms",
      "gap p50",
      "p99",
      "worst",
      "abort p50",
      "p99",
      "worst",
      "speed to blocking runs",
    ], rows),
    `Expected: gaps of at most ${MOST_GAP_MS.p99} ms (p99) and ${MOST_GAP_MS.worst} ms, aborts ` +
    `within ${MOST_ABORT_MS} ms (p99), ${LEAST_RATIO}× of the speed. ` +
    (short.length === 0 ? "All are reached." : `Not reached: ${short.join("; ")}.`),
  ].join("\n\n");
}

/** Work on a model of its own. */
interface OpenWork extends Disposable {
  readonly run: Work;
}

/** Changes an instance before a pipeline takes it. */
type Wrap = (instance: SyncInstance) => Instance;

/** What is timed, by name. */
const WORKS: Readonly<Record<string, (wrap: Wrap) => Promise<OpenWork>>> = {
  "`classifyAll`, 300 pictures": async (wrap) => {
    const model = new ImageClassifier(
      wrap(await load(readFile("models/vit-fashion-mnist.fewbit"))),
    );
    const names = Array.from(Deno.readDirSync(new URL("../examples/fashion", import.meta.url)))
      .map(({ name }) => name).filter((name) => name.endsWith(".png")).sort();
    const pictures = Array.from(
      { length: 300 },
      (_, i) => readFile(`examples/fashion/${names[i % names.length]}`),
    );
    return work(model, (signal) => model.classifyAll(pictures, { ...signal && { signal } }));
  },
  "`embed`, 400 texts": async (wrap) => {
    const program = await quantizeEncoder(await readEncoderFolder(modelFolder("minilm")));
    const model = new EmbeddingModel(wrap(await load(program)));
    const texts = (await paragraphs()).slice(0, 400).map((text) => text.slice(0, TEXT_LENGTH));
    return work(model, (signal) => model.embed(texts, { ...signal && { signal } }));
  },
  "`generate`, 200 tokens": async (wrap) => {
    const instance = await load(readFile("models/hgrn-shakespeare.fewbit"));
    const lm = new TextGenerator(wrap(instance));
    const options = { maxTokens: 200, seed: 1, stopAtEnd: false };
    return work(lm, (signal) => lm.complete("ROMEO:", { ...options, ...signal && { signal } }));
  },
};

function readFile(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`../${path}`, import.meta.url));
}

function work(model: Disposable, run: Work): OpenWork {
  return { run, [Symbol.dispose]: () => model[Symbol.dispose]() };
}

/** An instance whose runs are whole. */
function withoutPauses(instance: SyncInstance): Instance {
  const run: Instance["run"] = async (inputs, { entry, symbols } = {}) =>
    await Promise.resolve(
      instance.runSync(inputs, { ...entry && { entry }, ...symbols && { symbols } }),
    );
  return new Proxy(instance, {
    get: (target, name) => {
      if (name === "run") return run;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Milliseconds between one call of a timer and the next while something is at work. */
async function gapsDuring(run: Work): Promise<number[]> {
  const ticks: number[] = [];
  let onTick = (): void => {};
  const timer = setInterval(() => {
    ticks.push(performance.now());
    onTick();
  }, TIMER_MS);
  const tick = (): Promise<void> => new Promise((resolve) => onTick = resolve);
  try {
    await tick();
    for (const start = performance.now(); performance.now() - start < LEAST_MS;) await run();
    // The gap in which the work has ended.
    await tick();
  } finally {
    clearInterval(timer);
  }
  return ticks.slice(1).map((tick, i) => tick - ticks[i]);
}

/** Milliseconds from the moment at which someone wants to stop work to its end; none where it was done. */
async function timeAbort(run: Work, afterMs: number): Promise<number[]> {
  const controller = new AbortController();
  const wanted = performance.now() + afterMs;
  const timer = setTimeout(() => controller.abort(), afterMs);
  try {
    await run(controller.signal);
    return [];
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return [performance.now() - wanted];
  } finally {
    clearTimeout(timer);
  }
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50: at(0.5), p99: at(0.99), worst: at(1), count: sorted.length };
}
