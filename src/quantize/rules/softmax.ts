/** Softmax of codes of 8 bits: by a table of exponentials, or by I-ViT's Shiftmax. */
import type { NodeNamed } from "../../graph/op_names.ts";
import { softmaxInteger } from "../../graph/ops/mod.ts";
import type { Value } from "../../graph/graph.ts";
import { shiftExponent, softmaxTable } from "../integer_constants.ts";
import { knownScale } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";

/** Softmax; its codes are fractions of a power of two and have no site. */
export function softmaxRule(rewriter: IntegerRewriter, node: NodeNamed<"Softmax">): void {
  const { inputs, outputs: { y } } = node;
  const { builder, method: { nonlinear } } = rewriter;
  const { value: x, scale } = rewriter.read(node, "x");
  const [from] = scale.from;
  // Swin, whose scores have a bias, has 8 bits in the paper.
  const paperBits = rewriter.producer(inputs.x)?.op === "Add" ? 8 : 16;
  const bits = nonlinear === "table" ? 16 : paperBits;
  const parameter = nonlinear === "table" ? exponentials(rewriter, from) : builder.constant(
    `x0 ${from}`,
    "i32",
    [1],
    [from],
    (scales) => Int32Array.of(shiftExponent(scales.get(from)!)),
  );
  const mask = inputs.mask && rewriter.plain(inputs.mask);
  const codes = builder.graph.apply(softmaxInteger, { x, parameter, mask }, {
    mode: nonlinear,
    bits,
  });
  builder.taps.set(y.name, codes);
  rewriter.keep(y, { value: codes, scale: knownScale(2 ** (1 - bits)) });
}

/** The table of `e^(−d·scale)` of the scores of a site. */
export function exponentials({ builder }: IntegerRewriter, site: string): Value {
  return builder.constant(
    `exponentials ${site}`,
    "i32",
    [256],
    [site],
    (scales) => softmaxTable(scales.get(site)!),
  );
}
