/**
 * I-ViT (Li & Gu 2023): vision transformers in integers, each value on one grid. Values that go on as the
 * residual have 16 bits, what layers read has 8.
 *
 * @module
 */
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import { dequantizeLinear } from "../graph/ops/mod.ts";
import { producersOf } from "../graph/traversal.ts";
import type { IntegerNetwork } from "./integer_network.ts";
import type { IntegerParameters } from "./integer_parameters.ts";
import { integerSteps } from "./rewriter.ts";
import type { Origin, Site, SiteOf, Use } from "./sites.ts";

/** Options of {@linkcode quantizeIVit}. */
export interface IVitOptions {
  /** `shift`: the paper's Shiftmax and ShiftGELU. `table`: exact functions, tabulated. */
  readonly nonlinear: "shift" | "table";
  /** Bits of the weights. */
  readonly weightBits: 7 | 8;
  /** Integer weights, biases and norms. */
  readonly parameters: IntegerParameters;
  /** Float32 value of each pixel byte `[channels, 256]`: adds the entry `main`, which takes pixels. */
  readonly pixelTable?: Float32Array;
}

/** Entry of a compiled classifier that takes u8 pixels `[batch, height, width, channels]`. */
export const PIXELS = "main";

/** I-ViT's name for the grid of images. */
const INPUT = "qact_input";

/**
 * Rewrites a float32 graph.
 *
 * @throws {FewbitError} `unsupported` where the graph has an op that I-ViT has no integers for.
 */
export function quantizeIVit(source: Graph, options: IVitOptions): IntegerNetwork {
  return atOnce(iVitSteps(source, options));
}

/** As {@linkcode quantizeIVit}, a step for each node. */
export function* iVitSteps(source: Graph, options: IVitOptions): Steps<IntegerNetwork> {
  const { nonlinear, weightBits, parameters, pixelTable } = options;
  const entries = [...new Set(source.outputs.map(({ entry }) => entry))];
  return yield* integerSteps(
    source,
    {
      name: "I-ViT",
      siteOf: iVitSites(source),
      weightBits,
      parameters,
      nonlinear,
      output(graph, name, { value, scale }, builder, entry) {
        graph.output(`${name}_i32`, value, entry);
        const scales = builder.derivedScale(`scale ${name}`, scale);
        graph.output(name, graph.apply(dequantizeLinear, { x: value, scale: scales }), entry);
      },
    },
    entries.flatMap((entry) => [
      ...pixelTable === undefined ? [] : [{ from: entry, to: PIXELS, pixelTable }],
      { from: entry, to: entry },
    ]),
  );
}

/** The sites of a vision transformer. */
export function iVitSites(source: Graph): SiteOf {
  const producers = producersOf(source);
  return (value, use, origin) => {
    if (source.inputs.includes(value)) return { name: INPUT, bits: 8 };
    if (source.constants.has(value.id)) return constantSite(value, use, producers);
    const { producer } = origin;
    if (isNode(producer, "RelativePositionBias")) {
      return { name: producer.inputs.table.name, bits: 8 };
    }
    // Fractions of a power of two; and what the addition behind it takes up.
    if (isNode(producer, "Softmax") || isNode(producer, "ConcatRows")) return undefined;
    // Logits stay sums.
    if (use.kind === "output" && isNode(producer, "Linear")) return undefined;
    return { name: value.name, bits: bitsOf(origin, producers) };
  };
}

/** What is added is on a grid of its own; weights are not activations. */
function constantSite(
  { name }: Value,
  use: Use,
  producers: ReadonlyMap<number, Node>,
): Site | undefined {
  if (use.kind === "output" || use.node.op !== "Add") return undefined;
  const bits = isScores(use.node.inputs.a, producers) ? 8 : 16;
  return { name, bits };
}

function isScores(value: Value | undefined, producers: ReadonlyMap<number, Node>): boolean {
  return value !== undefined && producers.get(value.id)?.op === "AttentionScores";
}

function bitsOf({ producer, uses }: Origin, producers: ReadonlyMap<number, Node>): 8 | 16 {
  const readers = uses.filter((use) => use.kind === "input");
  switch (producer?.op) {
    case "Identity":
      return 16;
    case "Add":
      return isScores(producer.inputs.a, producers) ? 8 : 16;
    case "Linear":
      return readers.some(({ node: { op }, input }) =>
          op === "ConcatRows" || (op === "Add" && input === "a")
        )
        ? 16
        : 8;
    case "LayerNormalization":
    case "MeanRows":
      // Into a norm or a sum, not into a layer.
      return readers.some(({ node: { op } }) => RESIDUAL.includes(op)) ? 16 : 8;
    default:
      return 8;
  }
}

/** Ops that read the residual. */
const RESIDUAL = ["Identity", "LayerNormalization", "Add"];
