/** Attention within the texts of a ragged batch: one instruction, or one text node by node. */
import type { NodeNamed } from "../../graph/op_names.ts";
import {
  attentionRaggedInteger,
  attentionScoresInteger,
  attentionValuesInteger,
  reshape,
  softmaxInteger,
} from "../../graph/ops/mod.ts";
import { knownScale, multiply, ruleOf } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import { exponentials } from "./softmax.ts";

/** Probabilities have 15 bits behind the point. */
const PROBABILITY = knownScale(2 ** -15);

/** Attention. Channels stay apart: what v was divided by, the result is divided by. */
export function attentionRagged(
  rewriter: IntegerRewriter,
  node: NodeNamed<"AttentionRagged">,
): void {
  const { inputs, attributes: { heads, scale: root }, outputs: { y } } = node;
  const { builder, graph } = rewriter;
  const text = rewriter.text(node.op);
  const [q, k, v] = [
    rewriter.read(node, "q"),
    rewriter.read(node, "k"),
    rewriter.readDivided(node, "v"),
  ];
  const { divisors } = v;
  const scores = text.scores(y.name);
  const scoreScale = multiply(multiply(q.scale, k.scale), knownScale(root));
  const valueScale = multiply(PROBABILITY, v.scale);
  const parameter = exponentials(rewriter, scores.name);
  const site = rewriter.siteOf(y);
  // In one instruction nothing is divided but what was.
  rewriter.expectPlain(
    { ...site, divisors: site.divisors === divisors ? undefined : site.divisors ?? divisors },
    [8],
  );
  if (!text.single) {
    const [multiplier, shift] = builder.dyadics(
      `requantize ${scores.name}`,
      scoreScale,
      scores.name,
    );
    const [valueMultiplier, valueShift] = builder.dyadics(
      `requantize ${site.name}`,
      valueScale,
      site.name,
    );
    const value = graph.apply(
      attentionRaggedInteger,
      {
        q: q.value,
        k: k.value,
        v: v.value,
        offsets: rewriter.integerInput(inputs.offsets),
        multiplier,
        shift,
        exponentials: parameter,
        valueMultiplier,
        valueShift,
      },
      { heads },
      { output: site.name },
    );
    return rewriter.keep(y, { value, scale: ruleOf(site.name), divisors });
  }
  const { shape } = y;
  const [q1, k1, v1] = [q, k, v].map(({ value: x }) =>
    graph.apply(reshape, { x }, { shape: [1, ...shape] })
  );
  const sums = graph.apply(attentionScoresInteger, { q: q1, k: k1 }, { heads });
  const x = builder.requantized(scores, { value: sums, scale: scoreScale }).value;
  const p = graph.apply(softmaxInteger, { x, parameter }, { mode: "table", bits: 16 });
  builder.taps.set(scores.name.replace(/scores$/, "softmax"), p);
  const value = graph.apply(attentionValuesInteger, { p, v: v1 });
  const codes = builder.requantized(site, { value, scale: valueScale, divisors });
  const rows = graph.apply(reshape, { x: codes.value }, { shape });
  rewriter.keep(y, { ...codes, value: rows });
}
