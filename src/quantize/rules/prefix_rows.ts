/** Patches with the rows of the class token before them, and positions added. */
import { FewbitError } from "../../errors.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { concatRows } from "../../graph/ops/mod.ts";
import { dyadic } from "../../numeric/dyadic.ts";
import { clampCode } from "../../numeric/grid.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";
import { requantize } from "../../numeric/requantize.ts";
import { ruleOf } from "../integer_network.ts";
import type { Scales } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import { constantCodes } from "./constant_codes.ts";

/**
 * Adds positions to rows of which the first ones are constants, the class token and those like it. These
 * are requantised here, exactly, whatever their size (a code need not fit 16 bits).
 */
export function addPrefixed(
  rewriter: IntegerRewriter,
  node: NodeNamed<"Add">,
  concat: NodeNamed<"ConcatRows">,
): void {
  const { builder } = rewriter;
  const { first } = concat.inputs;
  const token = rewriter.floats(first);
  const position = node.inputs.b;
  const { shape } = rewriter.elements(position);
  const embedding = constantCodes(rewriter, position, rewriter.siteAt(node, "b")!);
  const branch = rewriter.read(concat, "x");
  const [from] = branch.scale.from;
  const { y } = node.outputs;
  const site = rewriter.siteOf(y);
  const { name } = site;
  const [to] = embedding.scale.from;
  const [ahead, width] = first.shape as number[];
  const codesOf = (scales: Scales): Int16Array =>
    rewriter.graph.constants.get(embedding.value.id)!.tensor(scales).data as Int16Array;
  const tokenCode = (scales: Scales, i: number): number => {
    const code = roundHalfEven(Math.fround(token[i] / scales.get(from)!));
    if (Number.isFinite(code)) return code;
    throw new FewbitError("invalid_file", `Cannot quantise the class token: ${token[i]}`);
  };
  const arm = builder.constant(
    `rows ${to}`,
    "i16",
    [shape[0] - ahead, width],
    [to],
    (scales) => codesOf(scales).slice(token.length),
  );
  const rows = builder.requantized(site, {
    ...branch,
    identity: { value: arm, scale: embedding.scale },
    constantRow: (scales) => {
      const codes = codesOf(scales);
      return Float32Array.from(
        token,
        (_, i) =>
          Math.fround(
            Math.fround(tokenCode(scales, i) * scales.get(from)!) +
              Math.fround(codes[i] * scales.get(to)!),
          ),
      );
    },
  });
  const row = builder.constant(
    `token ${name}`,
    "i16",
    [ahead, width],
    [from, to, name],
    (scales) => {
      const codes = codesOf(scales);
      const d = dyadic(scales.get(from)!, scales.get(name)!);
      const e = dyadic(scales.get(to)!, scales.get(name)!);
      return Int16Array.from({ length: token.length }, (_, i) =>
        clampCode(
          Number(
            requantize(tokenCode(scales, i), d.multiplier, d.shift) +
              requantize(codes[i], e.multiplier, e.shift),
          ),
          16,
        ));
    },
  );
  const value = builder.graph.apply(concatRows, { first: row, x: rows.value });
  builder.taps.set(name, value);
  rewriter.keep(y, { value, scale: ruleOf(name) });
}
