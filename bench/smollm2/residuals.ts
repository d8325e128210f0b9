/** A Llama in two parts: its first blocks, of integers or float32, up to the residual, and the rest in float32. */
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import type { Graph, Value } from "../../src/graph/graph.ts";
import { isNode } from "../../src/graph/op_names.ts";
import { outputsOf, producersOf } from "../../src/graph/traversal.ts";
import { lower } from "../../src/lower/lower.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { rotateReals } from "../../src/numeric/hadamard.ts";
import type { LogitsOf } from "../../src/quantize/compare_logits.ts";
import { programBetween } from "../../src/quantize/decoder_blocks.ts";
import type { DecoderRotation } from "../../src/quantize/decoder_grids.ts";
import type { DecoderParams } from "../../src/quantize/decoder_params.ts";
import { quantizeLlama } from "../../src/quantize/mobile_quant.ts";
import type { QuantizeLlamaOptions } from "../../src/quantize/mobile_quant.ts";
import { PREFIX } from "./smollm_blocks.ts";

/** The residual `[ids, width]` of a session behind so many tokens. */
export type Front = (ids: readonly number[], past: number) => Float32Array;

/** Tokens that are read at once, and of a window with the prefix. */
const [ROWS, CONTEXT] = [64, 520];
const SYMBOLS = { max_tokens: ROWS, max_rows: ROWS, context: CONTEXT };

/** The blocks of a checkpoint in float32. */
export async function floatFront({ config, weights }: TextCheckpoint): Promise<Front> {
  const sizes = llamaConfig(config);
  const graph = buildLlama(sizes, weights);
  const front = await loaded(graph, behindBlocks(graph, sizes.depth), false);
  front(PREFIX, 0);
  return front;
}

/** The blocks of a checkpoint in integers. */
export async function integerFront(
  { config, weights }: TextCheckpoint,
  { grids }: DecoderParams,
  options: QuantizeLlamaOptions,
): Promise<Front> {
  const { graph } = quantizeLlama(llamaConfig(config), weights, grids, options);
  const { residualBits, rotation } = grids;
  const producers = producersOf(graph);
  const norm = graph.nodes.find((node) => isNode(node, "RmsNormInteger") && node.name === "norm")!;
  const read = (norm.inputs as Readonly<Record<string, Value>>).x;
  // A rotated residual is turned back before the norm.
  const x = rotation === undefined
    ? read
    : (producers.get(read.id)!.inputs as Readonly<Record<string, Value>>).x;
  const front = await loaded(graph, x, true);
  return (ids, past) => {
    const rows = front(ids, past).map((code) => code * 2 ** -residualBits);
    return rotation === undefined ? rows : turnedBack(rows, rotation);
  };
}

/** The blocks behind the first ones, and the head, for sessions that do not meet. */
export class FloatRest implements Disposable {
  #isBegun = new Set<number>();

  private constructor(
    private readonly instance: SyncInstance,
    private readonly beginning: Float32Array,
  ) {}

  static async of(
    { config, weights }: TextCheckpoint,
    depth: number,
    sessions: number,
  ): Promise<FloatRest> {
    const graph = buildLlama(llamaConfig(config), weights);
    const residual = behindBlocks(graph, depth);
    const first = await loaded(graph, residual, false);
    const program = programBetween(graph, residual, graph.outputs);
    const symbols = { ...SYMBOLS, sessions };
    return new FloatRest(await load(program, { symbols }), first(PREFIX, 0));
  }

  /** Logits of windows, of which a front gives the residual, in a session. */
  logitsOf(front: Front, session: number, windows: readonly ArrayLike<number>[]): LogitsOf {
    if (!this.#isBegun.has(session)) this.#run(this.beginning, PREFIX.length, session, 0);
    this.#isBegun.add(session);
    return (w, at, count) => {
      const ids = Array.from(windows[w]).slice(at, at + count);
      const past = PREFIX.length + at;
      return Float64Array.from(this.#run(front(ids, past), count, session, past));
    };
  }

  #run(x: Float32Array, count: number, session: number, past: number): Float32Array {
    const { logits } = this.instance.runSync({ x, ...placed(count, session, past) });
    return logits.data as Float32Array;
  }

  [Symbol.dispose](): void {
    this.instance[Symbol.dispose]();
  }
}

function behindBlocks(graph: Graph, depth: number): Value {
  const name = `layers.${depth - 1}`;
  return graph.nodes.flatMap(outputsOf).find((value) => value.name === name)!;
}

/** @param isPicked Whether the value has the rows that are wanted, not those of all tokens. */
async function loaded(graph: Graph, value: Value, isPicked: boolean): Promise<Front> {
  const outputs = [{ name: "residual", value, entry: "main" }];
  const { program } = lower(graph, { outputs });
  const instance: SyncInstance = await load(program, { symbols: SYMBOLS });
  return (ids, past) => {
    const { rows, ...inputs } = placed(ids.length, 0, past);
    const { residual } = instance.runSync({
      ids: Int32Array.from(ids),
      ...inputs,
      ...isPicked && { rows },
    });
    return Float32Array.from(residual.data as Float32Array | Int32Array);
  };
}

/** Tokens of one session, all of whose rows are wanted. */
function placed(count: number, session: number, past: number): Record<string, Int32Array> {
  return {
    offsets: Int32Array.of(0, count),
    slot: Int32Array.of(session),
    past: Int32Array.of(past),
    rows: Int32Array.from({ length: count }, (_, i) => i),
  };
}

/** `Rᵀ` of rows, `R = H·diag(signs) / √C`. */
function turnedBack(rows: Float32Array, { signs }: DecoderRotation): Float32Array {
  const made = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += signs.length) {
    const x = Float64Array.from(rows.subarray(at, at + signs.length));
    rotateReals(x);
    made.set(x.map((v, c) => v * signs[c]), at);
  }
  return made;
}
