/** The program of a block whose codes are frozen: what comes out of it, and what its constants should change by. */
import { Graph } from "../../graph/graph.ts";
import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { linear, rmsNormalization } from "../../graph/ops/mod.ts";
import { gradients } from "../../gradients/gradients.ts";
import { compile } from "../../lower/compile.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import type { CompiledProgram } from "../../program/program.ts";
import type { DownBits } from "../../quantize/decoder_grids.ts";
import { clamp, fakeQuantize } from "../../training/quantization/fake_quantization.ts";
import { BLOCK_LINEARS, llamaBlock } from "../../training/quantization/llama_block.ts";
import type { BlockLinear, BlockSite } from "../../training/quantization/llama_block.ts";

/** Grids of one scale, which are learned. */
export const LEARNED_SITES = ["norm1", "norm2", "context", "down"] as const;

/** Name of such a grid. */
export type LearnedSite = typeof LEARNED_SITES[number];

/** Whose grid a layer reads. */
export const READS: Readonly<Record<BlockLinear, LearnedSite>> = {
  q: "norm1",
  k: "norm1",
  v: "norm1",
  o: "context",
  gate: "norm2",
  up: "norm2",
  down: "down",
};

/** Names and lengths of what is learned of a block. */
export function learnedOf(config: LlamaConfig): readonly (readonly [string, number])[] {
  const rows = rowsOf(config);
  return [
    ...BLOCK_LINEARS.flatMap((name) =>
      [[`row.${name}`, rows[name]], [`bias.${name}`, rows[name]]] as const
    ),
    ["gain.norm1", config.width],
    ["gain.norm2", config.width],
    ...LEARNED_SITES.map((site) => [`scale.${site}`, 1] as const),
  ];
}

/** Rows of the layers. */
export function rowsOf(
  { width, hidden, heads, kvHeads, headSize }: LlamaConfig,
): Readonly<Record<BlockLinear, number>> {
  const [queries, keys] = [heads * headSize, kvHeads * headSize];
  return { q: queries, k: keys, v: keys, o: width, gate: hidden, up: hidden, down: width };
}

/**
 * The program. Entries `forward` (`x` → `y`) and `backward` (`x`, `dy` → `dx`, `gradient.*`); inputs beside them:
 * `angles`; of each layer `weight.*`, codes without their zeros as float32, `unit.*`, what a row's sum is worth beside the
 * scale of what it reads, and the learned `row.*`, `bias.*`; of norms `gamma.*` and the learned `gain.*`; the learned
 * `scale.*`, logarithms, with `zero.*`; grids of q, k, v and gate; rows of the prefix.
 *
 * @param tokens Rows of x.
 * @param prefix Rows of the prefix.
 * @param downBits Of what down reads.
 */
export function studentBlock(
  config: LlamaConfig,
  tokens: number,
  prefix: number,
  downBits: DownBits = 8,
): CompiledProgram {
  const { width, hidden, heads, kvHeads, headSize, epsilon } = config;
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const input = (name: string, ...shape: number[]): Value => graph.input(name, "f32", shape);
  const x = input("x", tokens, width);
  const dy = input("dy", tokens, width);
  const angles = input("angles", tokens, 2, headSize / 2);
  const learned = new Map(learnedOf(config).map(([name, length]) => [name, input(name, length)]));
  const scales = new Map(
    LEARNED_SITES.map((site) => [site, build.unary(learned.get(`scale.${site}`)!, "exp")]),
  );
  const rows = rowsOf(config);
  const columns: Readonly<Record<BlockLinear, number>> = {
    q: width,
    k: width,
    v: width,
    o: heads * headSize,
    gate: width,
    up: width,
    down: hidden,
  };
  /** Codes of a grid without its zero: sums of their products are the engine's, exactly while they have 24 bits. */
  const codesOf = (x: Value, scale: Value, zero: Value, bits = 8): Value => {
    const rounded = build.unary(build.div(x, scale), "round");
    const bound = (code: number): Value => build.shift(build.scale(zero, -1), code);
    return clamp(build, rounded, bound(-(2 ** (bits - 1))), bound(2 ** (bits - 1) - 1));
  };
  const site = (name: BlockSite, x: Value): Value => {
    switch (name) {
      case "norm1":
      case "norm2":
      case "context":
      case "down":
        return codesOf(
          x,
          scales.get(name)!,
          input(`zero.${name}`, 1),
          name === "down" ? downBits : 8,
        );
      case "q": {
        // In units of the keys that they meet.
        const met = build.expand(keyScale, heads / kvHeads);
        const units = build.mul(x, build.reshape(met, [heads, headSize]));
        const codes = { least: -128, most: 127 };
        return fakeQuantize(build, units, { scale: input("q.scale", heads, 1) }, codes);
      }
      case "k":
        return codesOf(x, keyScale, input("k.zero", kvHeads, headSize));
      case "v":
        return fakeQuantize(
          build,
          x,
          { scale: input("v.scale", kvHeads, 1), zero: input("v.zero", kvHeads, 1) },
          { least: -128, most: 127 },
        );
      case "gate":
        return fakeQuantize(
          build,
          x,
          { scale: input("gate.scale", 1), zero: input("gate.zero", 1) },
          { least: -2048, most: 2047 },
        );
      default:
        // 16 or 32 bits in the engine.
        return x;
    }
  };
  const keyScale = input("k.scale", kvHeads, headSize);
  const y = llamaBlock(build, x, angles, { tokens, heads, kvHeads, headSize }, {
    norm(name, x) {
      const gamma = build.mul(input(`gamma.${name}`, width), learned.get(`gain.${name}`)!);
      return graph.apply(rmsNormalization, { x, gamma }, { epsilon });
    },
    linear(name, x) {
      const weight = input(`weight.${name}`, rows[name], columns[name]);
      const sums = graph.apply(linear, { x, weight });
      const unit = build.mul(input(`unit.${name}`, rows[name]), learned.get(`row.${name}`)!);
      const factor = build.mul(unit, scales.get(READS[name])!);
      return build.add(build.mul(sums, factor), learned.get(`bias.${name}`)!);
    },
    site,
    ...prefix > 0 && {
      prefix: {
        keys: input("prefix.keys", prefix, kvHeads * headSize),
        values: input("prefix.values", prefix, kvHeads * headSize),
      },
    },
  });
  graph.output("y", y, "forward");
  const names = [...learned.keys()];
  const made = gradients(graph, y, [x, ...learned.values()], { cotangent: dy });
  graph.output("dx", made[0], "backward");
  names.forEach((name, i) => graph.output(`gradient.${name}`, made[i + 1], "backward"));
  return compile(graph, { training: true });
}
