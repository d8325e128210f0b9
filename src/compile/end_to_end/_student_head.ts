/** The program behind the last block: the norm, the head, and how far its rows are from the teacher's. */
import type { SyncInstance } from "../../engines/engine.ts";
import { Graph } from "../../graph/graph.ts";
import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { linear, rmsNormalization } from "../../graph/ops/mod.ts";
import { gradients } from "../../gradients/gradients.ts";
import { compile } from "../../lower/compile.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import type { CompiledProgram } from "../../program/program.ts";
import { likelyDivergence } from "../../training/losses/divergence.ts";
import { fakeQuantize } from "../../training/quantization/fake_quantization.ts";

/** What the head is made of. */
export interface HeadConstants {
  /** Codes of the head `[V, C]`. */
  readonly codes: Int8Array;
  /** Of its rows. */
  readonly scales: Float32Array;
  /** Gains of the norm. */
  readonly gamma: Float32Array;
  /** Of the 14 bits behind the norm. */
  readonly scale: number;
  /** What turns the residual back `[C, C]`, where it is rotated. */
  readonly back?: Float32Array;
}

/** Rows that the head takes at once: logits of a whole vocabulary are large. */
export const HEAD_ROWS = 16;

/** Puts the matrices of a head into the states of its program. */
export function writeHead(instance: SyncInstance, { codes, back }: HeadConstants): void {
  instance.write("table", Float32Array.from(codes));
  if (back !== undefined) instance.write("back", back);
}

/**
 * The program, whose matrices {@linkcode writeHead} writes. Entries `loss` and `backward`: `x` `[16, width]`, the learned `gain`, and of the teacher `probabilities`,
 * `others` and `rest` as {@linkcode likelyDivergence} has them; `loss`, `dx`, `gradient`.
 */
export function studentHead(config: LlamaConfig, head: HeadConstants): CompiledProgram {
  const { width, vocabularySize, epsilon } = config;
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  // A state lies in memory once, for the product there and the product back, and not in the file besides.
  const matrix = (name: string, rows: number): Value => graph.state(name, "f32", [rows, width]);
  const x = graph.input("x", "f32", [HEAD_ROWS, width]);
  const gain = graph.input("gain", "f32", [width]);
  const residual = head.back === undefined
    ? x
    : graph.apply(linear, { x, weight: matrix("back", width) });
  const gamma = build.mul(build.constant([width], head.gamma), gain);
  const normed = graph.apply(rmsNormalization, { x: residual, gamma }, { epsilon });
  const codes = fakeQuantize(build, normed, { scale: build.scalar(head.scale) }, {
    least: -8192,
    most: 8191,
  });
  const table = matrix("table", vocabularySize);
  const logits = build.mul(
    graph.apply(linear, { x: codes, weight: table }),
    build.constant([vocabularySize], head.scales),
  );
  const loss = likelyDivergence(build, logits, {
    probabilities: graph.input("probabilities", "f32", [HEAD_ROWS, vocabularySize]),
    others: graph.input("others", "f32", [HEAD_ROWS, vocabularySize]),
    rest: graph.input("rest", "f32", [HEAD_ROWS, 1]),
  });
  const [dx, gradient] = gradients(graph, loss, [x, gain]);
  for (const entry of ["loss", "backward"]) graph.output("loss", loss, entry);
  graph.output("dx", dx, "backward");
  graph.output("gradient", gradient, "backward");
  return compile(graph, { training: true });
}
