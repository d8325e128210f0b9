/** Embeddings of texts: a token table of 8 or 4 bits, and positions. */
import { FewbitError } from "../../errors.ts";
import type { Steps } from "../../event_loop.ts";
import type { Value } from "../../graph/graph.ts";
import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { embeddingInteger } from "../../graph/ops/mod.ts";
import { dyadic } from "../../numeric/dyadic.ts";
import { quantizeValue } from "../../numeric/grid.ts";
import type { IntegerBuilder } from "../integer_builder.ts";
import { ruleOf } from "../integer_network.ts";
import type { Scales } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import { elementOf, GROUP, quantizeRows, quantizeRows4 } from "../token_table.ts";

/** A token table in integers. */
interface TokenTable {
  readonly table: Value;
  /** Scales of its rows. */
  readonly scales: Float32Array;
  /** What an element stands for. */
  readonly element: (row: number, column: number) => number;
  /** Factors of each 32 columns, where it has 4 bits. */
  readonly factors?: Value;
}

/** Token rows, requantised by their own scales, plus positions. */
export function* addPositionsRule(
  rewriter: IntegerRewriter,
  node: NodeNamed<"AddPositions">,
): Steps<void> {
  const { inputs, outputs: { y } } = node;
  const embedding = rewriter.producer(inputs.x);
  if (!isNode(embedding, "Embedding")) throw rewriter.unsupported(node.op);
  const { builder } = rewriter;
  const { maxTokens, tableBits } = rewriter.text(node.op);
  const site = rewriter.siteOf(y);
  const { name } = site;
  rewriter.expectPlain(site, [16]);
  const { table, scales: rowScales, element, factors } = yield* tokenTable(
    rewriter,
    embedding.inputs.table,
    tableBits,
  );
  const [multiplier, shift] = factors === undefined
    ? eachRow(builder, rowScales, name)
    : oneShift(builder, rowScales, name);
  const tensor = rewriter.elements(inputs.positions);
  const [, width] = tensor.shape;
  const reals = tensor.data as Float32Array;
  const position = rewriter.siteAt(node, "positions");
  if (position === undefined) throw rewriter.unsupported(node.op);
  rewriter.expectPlain(position, [16]);
  // Longer texts are cut, so their positions need no codes; the scale is that of the whole table.
  const used = reals.subarray(0, maxTokens * width);
  const codes = builder.constant(
    "positions",
    "i16",
    [maxTokens, width],
    [position.name],
    (scales) => Int16Array.from(used, (x) => quantizeValue(x, scales.get(position.name)!, 16)),
  );
  builder.site(position, codes, { kind: "constant", tensor });
  const [positionMultiplier, positionShift] = builder.dyadics(
    position.name,
    ruleOf(position.name),
    name,
  );
  const ids = rewriter.integerInput(embedding.inputs.index);
  const value = builder.graph.apply(
    embeddingInteger,
    {
      table,
      multiplier,
      shift,
      positions: codes,
      positionMultiplier,
      positionShift,
      ids,
      offsets: rewriter.integerInput(inputs.offsets),
      factors,
    },
    factors === undefined ? {} : { group: GROUP },
    { output: name },
  );
  const source = {
    kind: "tokens",
    ids,
    of: (ids: Int32Array) =>
      Float32Array.from({ length: ids.length * width }, (_, i) => {
        return Math.fround(element(ids[Math.floor(i / width)], i % width)) + reals[i];
      }),
  } as const;
  rewriter.keep(y, builder.site(site, value, source));
}

/** A multiplier and a shift for each row. */
function eachRow(builder: IntegerBuilder, rowScales: Float32Array, to: string): [Value, Value] {
  const each = (part: "multiplier" | "shift"): Value =>
    builder.constant(`rows ${part}`, "i32", [rowScales.length], [to], (scales) => {
      const scale = scales.get(to)!;
      return Int32Array.from(rowScales, (row) => dyadic(row, scale)[part]);
    });
  return [each("multiplier"), each("shift")];
}

/** Multipliers of rows that share a shift, to save its bytes; the largest has 31 bits. */
function oneShift(builder: IntegerBuilder, rowScales: Float32Array, to: string): [Value, Value] {
  const largest = rowScales.reduce((a, b) => Math.max(a, b));
  const shiftOf = (scales: Scales): number => dyadic(largest, scales.get(to)!).shift;
  return [
    builder.constant("rows multiplier", "i32", [rowScales.length], [to], (scales) => {
      const factor = 2 ** shiftOf(scales) / scales.get(to)!;
      return Int32Array.from(rowScales, (row) => Math.min(2 ** 31 - 1, Math.round(row * factor)));
    }),
    builder.constant("rows shift", "i32", [1], [to], (scales) => Int32Array.of(shiftOf(scales))),
  ];
}

function* tokenTable(
  rewriter: IntegerRewriter,
  words: Value,
  tableBits: 4 | 8,
): Steps<TokenTable> {
  const { builder } = rewriter;
  const [vocabulary, width] = words.shape as number[];
  const reals = rewriter.floats(words);
  if (tableBits === 8) {
    const { codes, scales } = yield* quantizeRows(reals, vocabulary);
    const table = builder.constant("rows", "i8", [vocabulary, width], [], () => codes);
    const element = (row: number, c: number): number => codes[row * width + c] * scales[row];
    return { table, scales, element };
  }
  if (width % GROUP !== 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot have a table of 4 bits: its width ${width} is no multiple of ${GROUP}`,
    );
  }
  const packed = yield* quantizeRows4(reals, vocabulary);
  const { codes, factors, scales } = packed;
  const table = builder.constant("rows", "u8", [vocabulary, width / 2], [], () => codes);
  const groups = width / GROUP;
  return {
    table,
    scales,
    element: (row, c) => elementOf(packed, row, c),
    factors: builder.constant("factors", "u8", [vocabulary, groups], [], () => factors),
  };
}
