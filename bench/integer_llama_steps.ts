/** Where a step of an integer Llama goes: how near it is to what memory gives, and which instructions it has. */
import type { Inputs, SyncInstance } from "../src/engines/engine.ts";
import { load } from "../src/engines/load.ts";
import { instructionOf } from "../src/instructions/mod.ts";
import { layoutBytes } from "../src/layouts/mod.ts";
import { memoryReader } from "./_read_memory.ts";
import { opcodeTable, shareOutside } from "./opcode_table.ts";
import { interleave } from "./interleave.ts";
import { table } from "../tools/markdown_table.ts";

const CONTEXTS = [128, 2048] as const;
const PROMPT_TOKENS = 256;
const ROUNDS = 21;

/** A step behind so many tokens. */
interface Step {
  readonly context: number;
  /** Bytes of weights and caches that it reads. */
  readonly bytes: number;
  /** The step, and a loop that only reads as many bytes. */
  readonly medianMs: number;
  readonly bestMs: number;
  readonly readMedianMs: number;
  readonly readBestMs: number;
  /** Of the paired times of all rounds. */
  readonly ofReading: number;
  /** Part of its time that is not in products with weights. */
  readonly outside: number;
  readonly table: string;
}

/** Steps at both contexts, and instructions of a prompt. */
export interface StepResults {
  readonly steps: readonly Step[];
  readonly prefillTable: string;
}

/** Steps and reading loops in turns. */
export async function benchSteps(path: string): Promise<StepResults> {
  using instance = await load(await Deno.readFile(path), {
    symbols: { max_tokens: PROMPT_TOKENS, context: CONTEXTS[CONTEXTS.length - 1] + 1 },
  }) as SyncInstance;
  const sizes = bytesOfStep(instance);
  const cases = await Promise.all(CONTEXTS.map(async (context) => {
    const bytes = sizes.weights + context * sizes.cachePerToken;
    return { context, bytes, step: inputs(1, context), read: await memoryReader(bytes) };
  }));
  const timings = await interleave(
    cases.flatMap(({ context, step, read }) => [
      { name: `step ${context}`, run: () => instance.runSync(step) },
      { name: `read ${context}`, run: read },
    ]),
    { rounds: ROUNDS },
  );
  const steps = cases.map(({ context, bytes, step }): Step => ({
    context,
    bytes,
    medianMs: timings.median(`step ${context}`),
    bestMs: timings.best(`step ${context}`),
    readMedianMs: timings.median(`read ${context}`),
    readBestMs: timings.best(`read ${context}`),
    ofReading: timings.ratio(`step ${context}`, `read ${context}`),
    outside: shareOutside(instance, step, "main", 50, isProduct),
    table: opcodeTable(instance, step, "main", 50),
  }));
  return {
    steps,
    prefillTable: opcodeTable(instance, inputs(PROMPT_TOKENS, 1), "main", 5),
  };
}

/** The report in Markdown. */
export function reportSteps(name: string, { steps, prefillTable }: StepResults): string {
  const rate = (ms: number): string => (1000 / ms).toFixed(1);
  return [
    `${name}, one token behind a context, and a loop that only reads as many bytes:`,
    table(
      ["context", "MB", "tokens/s [best]", "reading", "of reading", "GB/s", "not in `linear_…`"],
      steps.map((step) => [
        String(step.context),
        (step.bytes / 1e6).toFixed(1),
        `${rate(step.medianMs)} [${rate(step.bestMs)}]`,
        `${rate(step.readMedianMs)} [${rate(step.readBestMs)}]`,
        `${(100 * step.ofReading).toFixed(0)} %`,
        (step.bytes / step.medianMs / 1e6).toFixed(1),
        `${(100 * step.outside).toFixed(1)} %`,
      ]),
    ),
    ...steps.flatMap(({ context, table }) => [`${name}, context ${context}:`, table]),
    `${name}, a prompt of ${PROMPT_TOKENS} tokens:`,
    prefillTable,
  ].join("\n\n");
}

function isProduct(name: string): boolean {
  return name.startsWith("linear");
}

/** Bytes of what products read in a step, and of the caches for each token of the context. */
function bytesOfStep({ program }: SyncInstance): { weights: number; cachePerToken: number } {
  const { expressions, entries, instructions, tensors, views } = program;
  const { first, count } = entries.find(({ name }) => name === "main")!;
  const read = instructions.slice(first, first + count)
    .filter(({ opcode }) => isProduct(instructionOf(opcode)!.name))
    .flatMap(({ operands }) => operands.filter((operand) => operand >= 0))
    .map((operand) => tensors[views[operand].tensor])
    .filter(({ region }) => region === "constant");
  const constantOf = (extent: number): number => expressions[extent].constant;
  const weights = [...new Set(read)].reduce(
    (sum, { dtype, layout, extents }) => sum + layoutBytes(layout, dtype, extents.map(constantOf)),
    0,
  );
  // Sessions, rows and channels: the last are what a token takes.
  const cachePerToken = tensors.filter(({ region }) => region === "state")
    .reduce((sum, { extents }) => sum + constantOf(extents[extents.length - 1]), 0);
  return { weights, cachePerToken };
}

function inputs(tokens: number, past: number): Inputs {
  return {
    ids: Int32Array.from({ length: tokens }, (_, i) => 1000 + i),
    offsets: Int32Array.of(0, tokens),
    slot: Int32Array.of(0),
    past: Int32Array.of(past),
    rows: Int32Array.of(tokens - 1),
  };
}
