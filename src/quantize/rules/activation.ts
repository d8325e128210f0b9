/** Activation functions: tables of 8 or 12 bits, or I-ViT's ShiftGELU. */
import { activationOf, gelu } from "../../graph/activations.ts";
import type { Value } from "../../graph/graph.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { lookup, lookup12, shiftGelu } from "../../graph/ops/mod.ts";
import type { Codes } from "../integer_builder.ts";
import { activationTable, activationTable12, shiftExponent } from "../integer_constants.ts";
import type { ActivationFunction } from "../integer_constants.ts";
import { knownScale, multiply } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import type { Site } from "../sites.ts";

/** Any function, as a table; the paper approximates no other than GELU. */
export function activationRule(rewriter: IntegerRewriter, node: NodeNamed<"Activation">): void {
  tabulate(rewriter, node, activationOf(node.attributes.kind));
}

/** GELU. */
export function geluRule(rewriter: IntegerRewriter, node: NodeNamed<"Gelu">): void {
  if (rewriter.method.nonlinear === "table") return tabulate(rewriter, node, gelu);
  const { builder } = rewriter;
  const { value: x, scale } = rewriter.read(node, "x");
  rewriter.expectPlain({ ...rewriter.siteOf(node.outputs.y), zeroPoint: undefined });
  const [from] = scale.from;
  const x0 = builder.constant(
    `x0 ${from}`,
    "i32",
    [1],
    [from],
    (scales) => Int32Array.of(shiftExponent(Math.fround(scales.get(from)! * Math.fround(1.702)))),
  );
  const value = builder.graph.apply(shiftGelu, { x, x0 });
  builder.taps.set(node.name, value);
  rewriter.settle(node.outputs.y, { value, scale: multiply(scale, knownScale(2 ** -7)) });
}

/** A function and its requantisation as a table of the codes of x. */
function tabulate(
  rewriter: IntegerRewriter,
  node: NodeNamed<"Activation"> | NodeNamed<"Gelu">,
  f: ActivationFunction,
): void {
  const { outputs: { y } } = node;
  const x = rewriter.readDivided(node, "x");
  const [from] = x.scale.from;
  const site = rewriter.siteOf(y);
  // A table of 12 bits is one for all channels.
  const divided = site.bits === 12 ? x.divisors ?? site.divisors : undefined;
  rewriter.expectPlain({ ...site, zeroPoint: undefined, divisors: divided }, [8, 12]);
  const value = site.bits === 12
    ? table12(rewriter, x.value, from, site, f)
    : table8(rewriter, x, from, site, f);
  const { divisors: before } = x;
  const { divisors: after } = site;
  const codes = rewriter.builder.site(site, value, {
    kind: "activation",
    x: x.value,
    scale: from,
    f,
    ...before && { before },
    ...after && { after },
  });
  rewriter.keep(y, codes);
}

/** A table for all channels, or where channels are divided one for each, which knows its divisors. */
function table8(
  { builder }: IntegerRewriter,
  { value: x, divisors: before }: Codes,
  from: string,
  { name: to, divisors: after }: Site,
  f: ActivationFunction,
): Value {
  const channels = before?.length ?? after?.length ?? 1;
  const table = builder.constant(
    `activation ${to}`,
    "i8",
    [channels, 256],
    [from, to],
    (scales) => {
      const [scale, outputScale] = [scales.get(from)!, scales.get(to)!];
      const tables = new Int8Array(channels * 256);
      for (let c = 0; c < channels; c++) {
        const [b, a] = [before?.[c] ?? 1, after?.[c] ?? 1];
        tables.set(activationTable(scale * b, outputScale * a, f), c * 256);
      }
      return tables;
    },
  );
  return builder.graph.apply(lookup, { x, table });
}

function table12(
  { builder }: IntegerRewriter,
  x: Value,
  from: string,
  { name: to }: Site,
  f: ActivationFunction,
): Value {
  const table = builder.constant(
    `activation ${to}`,
    "i16",
    [4096],
    [from, to],
    (scales) => activationTable12(scales.get(from)!, scales.get(to)!, f),
  );
  // The table clamps its codes: a tap shows them clamped.
  const identity = builder.constant(
    "codes of 12 bits",
    "i16",
    [4096],
    [],
    () => Int16Array.from({ length: 4096 }, (_, i) => i - 2048),
  );
  const value = builder.graph.apply(lookup12, { x, table });
  builder.taps.set(from, builder.graph.apply(lookup12, { x, table: identity }));
  return value;
}
