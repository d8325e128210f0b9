/**
 * Activations in float32 out of ops that engines have: a table of values and slopes, and the distance to
 * the table's next point.
 *
 * ```text
 * c = clamp(round(x / s), −2048, 2047),  r = x − c·s        s = 2^-7, so that the table covers ±16
 * y = f(c·s) + f'(c·s)·r                                    outside of ±16: a straight line
 * f'·r = SiLU(K·r)·f'/K − SiLU(−K·r)·f'/K                   K = 2^20; SiLU(z) is z or 0 but for |z| < 20
 * ```
 *
 * The error is at most max|f''|·s²/8 (4e-6 for SiLU), |jump of f'|·s/4 (2e-3) within s/2 of a kink, and
 * beyond ±16 2^-15 of the distance where f' is no multiple of 2^-14 (leaky ReLU).
 */
import type { Tensor } from "../tensor.ts";
import { activationOf } from "./activations.ts";
import type { Graph, GraphOutput, Value } from "./graph.ts";
import { isNode } from "./op_names.ts";
import type { NodeNamed } from "./op_names.ts";
import {
  add,
  dequantizeLinear,
  linear,
  lookup12,
  quantizeLinear,
  reshape,
  swiglu,
} from "./ops/mod.ts";
import { rewrite } from "./rewrite.ts";

/** Distance of two points of a table. */
const STEP = 2 ** -7;
/** Scale of slopes, a power of two so that 1 is exact; no slope reaches 2. */
const SLOPE = 2 ** -14;
const K = 2 ** 20;

/**
 * Rewrites a graph without the op `Activation`; its constants and inputs stay the same values.
 *
 * @param outputs What it is to give. Default: the outputs of the graph.
 */
export function expandActivations(
  source: Graph,
  outputs: readonly GraphOutput[] = source.outputs,
): Graph {
  const isPlain = !source.nodes.some(({ op }) => op === "Activation");
  if (isPlain && outputs === source.outputs) return source;
  const tables = new Map<string, Tables>();
  return rewrite(
    source,
    (node, graph, valueOf) =>
      isNode(node, "Activation")
        ? { y: expand(graph, node, valueOf(node.inputs.x), tables) }
        : undefined,
    outputs,
  );
}

/** Constants of one function. */
interface Tables {
  /** Of the steps of the table: codes to themselves, f in two parts, f'. */
  readonly codes: Value;
  readonly high: Value;
  readonly low: Value;
  readonly slopes: Value;
  /** Scales of the parts of f. */
  readonly highScale: Value;
  readonly lowScale: Value;
}

function tablesOf(graph: Graph, kind: string): Tables {
  const f = activationOf(kind);
  const points = Array.from({ length: 4096 }, (_, i) => (i - 2048) * STEP);
  const values = points.map(f);
  const highScale = 2 ** Math.ceil(Math.log2(Math.max(...values.map(Math.abs)) / 32767));
  const lowScale = highScale * 2 ** -15;
  const high = values.map((y) => Math.round(y / highScale));
  const low = values.map((y, i) => Math.round((y - high[i] * highScale) / lowScale));
  // At a kink this is the mean of the slopes on both sides; at the ends f is straight.
  const slopes = points.map((x) => (f(x + STEP / 2) - f(x - STEP / 2)) / STEP);
  const table = (codes: readonly number[]): Value =>
    graph.constant("", { dtype: "i16", shape: [4096], data: Int16Array.from(codes) });
  return {
    codes: table(points.map((_, i) => i - 2048)),
    high: table(high),
    low: table(low),
    slopes: table(slopes.map((slope) => Math.round(slope / SLOPE))),
    highScale: graph.constant("", float(highScale)),
    lowScale: graph.constant("", float(lowScale)),
  };
}

function expand(
  graph: Graph,
  { attributes, outputs }: NodeNamed<"Activation">,
  x: Value,
  known: Map<string, Tables>,
): Value {
  const { kind } = attributes;
  const tables = known.get(kind) ?? tablesOf(graph, kind);
  known.set(kind, tables);
  const scalar = (value: number): Value => graph.constant("", float(value));
  const codes = graph.apply(quantizeLinear, { x, scale: scalar(STEP) }, { to: "i16" });
  const real = (table: Value, scale: Value): Value =>
    graph.apply(dequantizeLinear, { x: graph.apply(lookup12, { x: codes, table }), scale });
  const rest = graph.apply(add, { a: x, b: real(tables.codes, scalar(-STEP)) });
  const side = (sign: 1 | -1): Value =>
    graph.apply(swiglu, {
      gate: scaled(graph, rest, sign * K),
      up: real(tables.slopes, scalar(sign * SLOPE / K)),
    });
  const change = graph.apply(add, { a: side(1), b: side(-1) });
  const base = graph.apply(add, {
    a: real(tables.high, tables.highScale),
    b: real(tables.low, tables.lowScale),
  });
  return graph.apply(add, { a: base, b: change }, {}, { output: outputs.y.name });
}

/** `factor·x`: a linear layer of one channel. */
function scaled(graph: Graph, x: Value, factor: number): Value {
  const weight = graph.constant("", { ...float(factor), shape: [1, 1] });
  const columns = graph.apply(reshape, { x }, { shape: [...x.shape, 1] });
  return graph.apply(reshape, { x: graph.apply(linear, { x: columns, weight }) }, {
    shape: x.shape,
  });
}

function float(value: number): Tensor {
  return { dtype: "f32", shape: [1], data: Float32Array.of(value) };
}
