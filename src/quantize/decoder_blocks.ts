/** A float Llama a block at a time: beside one block's weights there is the residual of all windows. */
import { FewbitError } from "../errors.ts";
import type { Graph, GraphOutput, Value } from "../graph/graph.ts";
import { nodesOf, outputsOf } from "../graph/traversal.ts";
import { lower } from "../lower/lower.ts";
import type { CompiledProgram } from "../program/program.ts";
import { BlockLanes } from "./block_lanes.ts";
import type { BlockResult, BlockTask, Wanted } from "./block_runner.ts";
import type { CalibrationThread } from "./calibration_thread.ts";
import type { LoadProgram } from "./second_moments.ts";

/** What runs are made of. */
export interface DecoderBlocksOptions {
  /** Ids that come before every text. */
  readonly prefix: readonly number[];
  /** Windows of ids, without the prefix. */
  readonly windows: readonly ArrayLike<number>[];
  /** Loads the float program; float32 sums have one order, so that every engine gives the same bits. */
  readonly load: LoadProgram;
  /** Threads that share the windows with this one: the same bits, sooner. */
  readonly threads?: readonly CalibrationThread[];
  readonly signal?: AbortSignal;
}

/** A value that is looked at: a site, or the residual, where the name is that of a value. */
export interface SeenValue {
  readonly value: Value;
  /** Whether the prefix's rows count, and are kept. */
  readonly withPrefix: boolean;
}

/** A Llama whose blocks are run through in order. */
export class DecoderBlocks implements Disposable {
  readonly #values: ReadonlyMap<string, Value>;
  /** Of the longest window, the prefix included. */
  readonly tokens: number;
  readonly #lanes: BlockLanes;
  /** The residual, and what it is of each window. */
  #residual: Value;
  readonly #streams: Float32Array<ArrayBuffer>[] = [];

  /** @param graph The graph of {@linkcode buildLlama}. */
  constructor(private readonly graph: Graph, private readonly options: DecoderBlocksOptions) {
    const { prefix, windows, load, threads = [] } = options;
    const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
    if (longest === 0) {
      throw new FewbitError("invalid_argument", "Cannot quantise: expected windows of ids");
    }
    this.tokens = prefix.length + longest;
    this.#values = new Map(graph.nodes.flatMap(outputsOf).map((value) => [value.name, value]));
    this.#residual = this.#values.get("embed_tokens")!;
    this.#lanes = new BlockLanes(load, threads);
  }

  /** The residual before the block that comes next, of each window. */
  get streams(): readonly Float32Array[] {
    return this.#streams;
  }

  /** Channels of the residual. */
  get width(): number {
    return this.#residual.shape[1] as number;
  }

  /** Whether there is a block of this number. */
  has(layer: number): boolean {
    return this.#values.has(`layers.${layer}`);
  }

  /** The values of a block by name. */
  valuesOf(layer: number): Value[] {
    const of = `layers.${layer}`;
    return [...this.#values.values()].filter(({ name }) =>
      name === of || name.startsWith(`${of}.`)
    );
  }

  /** Reads the embedding of each window behind the prefix: before the first block. */
  async embed(): Promise<void> {
    const { prefix, windows, load } = this.options;
    const outputs = [{ name: "rows", value: this.#residual, entry: "main" }];
    using instance = await load(lower(this.graph, { outputs }).program, {
      max_tokens: this.tokens,
    });
    for (const window of windows) {
      const ids = Int32Array.from([...prefix, ...Array.from(window)]);
      this.#streams.push(instance.runSync({ ids }).rows.data as Float32Array<ArrayBuffer>);
    }
  }

  /**
   * Runs all windows through a block, which is the one after the last.
   *
   * @param seen What is looked at.
   * @param widest Most channels of what moments are taken of.
   * @returns What was seen of each window, in their order, value by value.
   */
  async *run(
    layer: number,
    wanted: Wanted,
    seen: readonly SeenValue[],
    widest: number,
  ): AsyncGenerator<BlockResult["seen"]> {
    const { prefix, signal } = this.options;
    const end = this.#values.get(`layers.${layer}`)!;
    const task: BlockTask = {
      symbols: { max_tokens: this.tokens, context: this.tokens },
      wanted,
      outputs: seen.map(({ value, withPrefix }) => ({
        name: value === end ? "residual" : value.name,
        columns: value.shape[value.shape.length - 1] as number,
        skip: withPrefix ? 0 : prefix.length,
        keep: withPrefix ? prefix.length : 0,
      })),
      most: { rows: this.tokens - prefix.length, columns: widest },
    };
    const others = seen.filter(({ value }) => value !== end).map(({ value }) => value);
    const program = this.program(end, others);
    yield* this.#lanes.run(program, task, this.#streams, this.width, signal);
    this.#residual = end;
  }

  /** A program from the residual where it is now, the input `x`, to a value behind it, the output `residual`. */
  program(end: Value, others: readonly Value[]): CompiledProgram {
    const outputs = [["residual", end] as const, ...others.map((v) => [v.name, v] as const)]
      .map(([name, value]) => ({ name, value, entry: "main" }));
    return programBetween(this.graph, this.#residual, outputs);
  }

  [Symbol.dispose](): void {
    this.#lanes[Symbol.dispose]();
  }
}

/** A program from a value of a graph, the input `x`, to what follows from it. */
export function programBetween(
  source: Graph,
  from: Value,
  outputs: readonly GraphOutput[],
): CompiledProgram {
  const graph = source.derive();
  const made = new Map([[from.id, graph.input("x", "f32", from.shape)]]);
  for (const node of nodesOf(source, outputs, from)) {
    const copies = graph.replay(node, (value) => made.get(value.id) ?? value);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name]);
  }
  const own = outputs.map((output) => ({ ...output, value: made.get(output.value.id)! }));
  return lower(graph, { fuse: false, outputs: own }).program;
}
