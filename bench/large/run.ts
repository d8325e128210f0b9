/** Loads a large language model in this process, reads, writes 10,000 tokens, and says what it took. */
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { peakBytes, residentBytes } from "../cold/finish.ts";

/** What the process found out. */
export interface LargeRun {
  readonly loadMs: number;
  readonly modelBytes: number;
  readonly peakAfterLoadBytes: number;
  readonly prefillPerSecond: number;
  readonly decodePerSecond: number;
  readonly sessionBytes: number;
  readonly tokens: number;
  /** Resident set after the first hundred tokens and after the last. */
  readonly residentBytes: readonly [first: number, last: number];
  readonly peakBytes: number;
  readonly engine: string;
}

const PROMPT_TOKENS = 512;
const [path, count] = Deno.args;
const start = performance.now();
using lm = await TextGenerator.fromPretrained(path);
const loadMs = performance.now() - start;
const peakAfterLoadBytes = peakBytes();
using session = lm.session();
const prompt = Int32Array.from({ length: PROMPT_TOKENS }, (_, i) => (i * 7919) % lm.vocabularySize);
const options = { temperature: 0, maxTokens: 100, stopAtEnd: false };
let first = 0;
let [promptMs, completionMs, completed] = [0, 0, 0];
for (let tokens = 0; tokens < Number(count); tokens += 100) {
  for await (const { usage } of session.generate(tokens === 0 ? prompt : undefined, options)) {
    if (usage === undefined) continue;
    if (tokens === 0) promptMs = usage.promptMs;
    completionMs += usage.completionMs;
    completed += usage.completionTokens;
  }
  if (tokens === 0) first = residentBytes();
}
const saved = (await session.save()).length;
const result: LargeRun = {
  loadMs,
  modelBytes: lm.memoryBytes,
  peakAfterLoadBytes,
  prefillPerSecond: 1000 * PROMPT_TOKENS / promptMs,
  decodePerSecond: 1000 * completed / completionMs,
  sessionBytes: saved,
  tokens: session.length,
  residentBytes: [first, residentBytes()],
  peakBytes: peakBytes(),
  engine: lm.engine,
};
console.log(JSON.stringify(result));
