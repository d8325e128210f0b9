/** What memory a language model takes at which context. */
import { formatBytes } from "../format_bytes.ts";
import type { Program } from "../program/program.ts";
import { verify } from "../program/verify.ts";
import type { OpenedProgram } from "./open.ts";

/** What a Worker of most hosts may take, with everything around a model. */
const WORKER_BYTES = 128e6;
/** Tokens of a prompt that are read at once in the table: a small share of the memory. */
const CHUNK = 64;

/** The memory of an instance with one session. */
export interface ContextMemory {
  readonly context: number;
  /** Bytes of the caches. */
  readonly caches: number;
  /** Bytes in all, but for the module's own (about 1 MB). */
  readonly total: number;
}

/** A table of contexts. */
export interface ContextTable {
  /** Bytes of the weights. */
  readonly weights: number;
  readonly rows: readonly ContextMemory[];
  /** The largest context whose memory is at most 128 MB; absent where none is. */
  readonly largest?: number;
}

/** The memory at some contexts; `undefined` where a program has none. */
export function contextTable({ head, verified }: OpenedProgram): ContextTable | undefined {
  const { program, segments } = head;
  const index = program.symbols.findIndex(({ name, kind }) =>
    name === "context" && kind === "load"
  );
  if (index < 0) return undefined;
  const most = maxOf(program, index);
  const memoryAt = (context: number): ContextMemory => {
    const symbols = { context, ...smallest(program) };
    const { regionBytes } = verify(program, segments, { symbols, memoryLimitBytes: 2 ** 50 }).plan;
    const total = Object.values(regionBytes).reduce((sum, bytes) => sum + bytes, head.headBytes);
    return { context, caches: regionBytes.state, total };
  };
  const contexts = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768].filter((n) => n < most);
  const largest = largestOf(most, (context) => memoryAt(context).total <= WORKER_BYTES);
  return {
    weights: verified.plan.regionBytes.constant,
    rows: [...contexts, most].map(memoryAt),
    ...largest > 0 && { largest },
  };
}

/** The largest number up to `most` that fits, 0 if none does. */
function largestOf(most: number, fits: (n: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function maxOf({ symbols, expressions }: Program, index: number): number {
  return expressions[symbols[index].max].constant;
}

/** One session, a row of logits, few tokens at once, as far as a program asks. */
function smallest({ symbols }: Program): Record<string, number> {
  const wanted = { max_tokens: CHUNK, max_rows: 1, sessions: 1, max_sequences: 1 };
  const has = (name: string): boolean =>
    symbols.some((symbol) => symbol.name === name && symbol.kind === "load");
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => has(name)));
}

/** The table as lines. */
export function contextLines({ weights, rows, largest }: ContextTable): string[] {
  const cell = (bytes: number): string => formatBytes(bytes).padStart(9);
  return [
    `Memory by context (one session, ${CHUNK} tokens at once): weights ${formatBytes(weights)}`,
    "  context    caches    in all",
    ...rows.map(({ context, caches, total }) =>
      `  ${String(context).padStart(7)} ${cell(caches)} ${cell(total)}` +
      (total <= WORKER_BYTES ? "" : "   more than 128 MB")
    ),
    largest === undefined
      ? "128 MB are not enough for it"
      : `128 MB are enough for a context of ${largest}; in a Worker they have to do for ` +
        "JavaScript and the tokenizer, too",
  ];
}
