/** The head of a BitNet b1.58, and the embedding that shares its table. */
import type { Steps } from "../event_loop.ts";
import type { Graph, Value } from "../graph/graph.ts";
import {
  dequantizeRows,
  embedding,
  embeddingScaled,
  linear,
  linearInteger,
  quantizeRows,
} from "../graph/ops/mod.ts";
import type { LazyTensor } from "../tensor.ts";

/** A table of int8 codes with a scale for each row. */
export interface CodedRows {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** Makes codes of the rows of a table, in steps. */
export type CodeRows = (table: Float32Array, rows: number) => Steps<CodedRows>;

/** What a table of pieces is for. */
export interface Head {
  /** Its rows, as float32. */
  embed(index: Value): Value;
  /** Products with its rows. */
  logits(x: Value): Value;
  /** Reads the table, where lowering does not. */
  read(): Steps<void>;
}

const EMBEDDING = { name: "embed_tokens", output: "embed_tokens" };
const HEAD = { name: "lm_head" };

/** A table that stays float32. */
export function floatHead(graph: Graph, name: string, table: LazyTensor): Head {
  const weight = graph.lazyConstant(name, table);
  return {
    embed: (index) => graph.apply(embedding, { table: weight, index }, {}, EMBEDDING),
    logits: (x) => graph.apply(linear, { x, weight }, {}, HEAD),
    *read() {},
  };
}

/**
 * A table of int8 codes; the rows that it multiplies become codes as those of a ternary layer do:
 * `logits = Σ q·code·scale[row] / alpha`.
 */
export function codedHead(
  graph: Graph,
  name: string,
  { shape, read }: LazyTensor,
  codeRows: CodeRows,
): Head {
  let rows: CodedRows | undefined;
  const weight = graph.lazyConstant(`${name}.codes`, {
    dtype: "i8",
    shape,
    read: () => ({ dtype: "i8", shape, data: rows!.codes }),
  });
  const scale = graph.lazyConstant(`${name}.scales`, {
    dtype: "f32",
    shape: [shape[0]],
    read: () => ({ dtype: "f32", shape: [shape[0]], data: rows!.scales }),
  });
  return {
    embed: (index) => graph.apply(embeddingScaled, { table: weight, scale, index }, {}, EMBEDDING),
    logits(x) {
      const { q, alpha } = graph.applyAll(quantizeRows, { x });
      const sums = graph.apply(linearInteger, { x: q, weight }, {}, HEAD);
      return graph.apply(dequantizeRows, { x: sums, scale, alpha });
    },
    *read() {
      rows = yield* codeRows(read().data as Float32Array, shape[0]);
    },
  };
}
