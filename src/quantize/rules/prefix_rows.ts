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

/** Rows that are constants: real values on the grid of the rows behind them, and positions on their own. */
interface FirstRows {
  /** `[ahead, width]`. */
  readonly token: Float32Array;
  /** Site of the grid of the rows behind them. */
  readonly grid: string;
  /** Codes of all positions, of which the first are theirs. */
  readonly codesOf: (scales: Scales) => Int16Array;
  /** Site of the grid of positions. */
  readonly positionGrid: string;
}

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
  const { inputs: { b: position }, outputs: { y } } = node;
  const [ahead, width] = concat.inputs.first.shape as number[];
  const [rows] = rewriter.elements(position).shape;
  const positionSite = rewriter.siteAt(node, "b");
  if (positionSite === undefined) throw rewriter.unsupported(node.op);
  rewriter.expectPlain(positionSite, [16]);
  const embedding = constantCodes(rewriter, position, positionSite);
  const branch = rewriter.read(concat, "x");
  const first: FirstRows = {
    token: rewriter.floats(concat.inputs.first),
    grid: branch.scale.from[0],
    codesOf: (scales) =>
      rewriter.graph.constants.get(embedding.value.id)!.tensor(scales).data as Int16Array,
    positionGrid: embedding.scale.from[0],
  };
  const { token, grid, codesOf, positionGrid } = first;
  const site = rewriter.siteOf(y);
  rewriter.expectPlain(site, [16]);
  const { name } = site;
  const arm = builder.constant(
    `rows ${positionGrid}`,
    "i16",
    [rows - ahead, width],
    [positionGrid],
    (scales) => codesOf(scales).slice(token.length),
  );
  const behind = builder.requantized(site, {
    ...branch,
    identity: { value: arm, scale: embedding.scale },
    constantRow: (scales) => firstReals(first, scales),
  });
  const row = builder.constant(
    `token ${name}`,
    "i16",
    [ahead, width],
    [grid, positionGrid, name],
    (scales) => firstCodes(first, scales, name),
  );
  const value = builder.graph.apply(concatRows, { first: row, x: behind.value });
  builder.taps.set(name, value);
  rewriter.keep(y, { value, scale: ruleOf(name) });
}

/** What calibration sees of them, in float32. */
function firstReals(
  { token, grid, codesOf, positionGrid }: FirstRows,
  scales: Scales,
): Float32Array {
  const { fround } = Math;
  const codes = codesOf(scales);
  const [scale, positionScale] = [scales.get(grid)!, scales.get(positionGrid)!];
  return Float32Array.from(
    token,
    (real, i) => fround(fround(tokenCode(real, scale) * scale) + fround(codes[i] * positionScale)),
  );
}

/** Their codes on the grid of the sum: each arm requantised on its own, as for the rows behind them. */
function firstCodes(
  { token, grid, codesOf, positionGrid }: FirstRows,
  scales: Scales,
  to: string,
): Int16Array {
  const codes = codesOf(scales);
  const scale = scales.get(grid)!;
  const d = dyadic(scale, scales.get(to)!);
  const e = dyadic(scales.get(positionGrid)!, scales.get(to)!);
  return Int16Array.from(token, (real, i) => {
    const code = requantize(tokenCode(real, scale), d.multiplier, d.shift) +
      requantize(codes[i], e.multiplier, e.shift);
    return clampCode(Number(code), 16);
  });
}

function tokenCode(real: number, scale: number): number {
  const code = roundHalfEven(Math.fround(real / scale));
  if (Number.isFinite(code)) return code;
  throw new FewbitError("invalid_file", `Cannot quantise the class token: ${real}`);
}
