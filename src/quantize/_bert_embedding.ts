/** The embeddings of an integer encoder: a token table of 8 or 4 bits, and positions. */
import { FewbitError } from "../errors.ts";
import type { Value } from "../graph/graph.ts";
import { embeddingInteger } from "../graph/ops/mod.ts";
import { positionTable } from "../models/bert.ts";
import type { EncoderInputs } from "../models/bert.ts";
import type { BertConfig } from "../models/bert_config.ts";
import { weight } from "../models/weights.ts";
import type { Weights } from "../models/weights.ts";
import type { IntegerBuilder } from "./_integer_builder.ts";
import { elementOf, GROUP, quantizeRows, quantizeRows4 } from "./bert_constants.ts";
import { dyadic } from "../numeric/dyadic.ts";
import { ruleOf } from "./i_vit_network.ts";
import type { Scales } from "./i_vit_network.ts";
import { quantizeValue } from "../numeric/grid.ts";

/** A token table in integers. */
interface TokenTable {
  readonly table: Value;
  /** Scales of its rows. */
  readonly scales: Float32Array;
  /** What an element stands for. */
  readonly element: (row: number, column: number) => number;
  /** Operands that only this kind of table has. */
  readonly more: readonly Value[];
}

/** Token rows, requantised by their own scales, plus positions. */
export function embedTokens(
  builder: IntegerBuilder,
  config: BertConfig,
  weights: Weights,
  { ids, offsets }: EncoderInputs,
  tableBits: 4 | 8,
): Value {
  const { positions, maxTokens, width } = config;
  const { table, scales: rowScales, element, more } = tokenTable(
    builder,
    config,
    weights,
    tableBits,
  );
  const each = (part: "multiplier" | "shift"): Value =>
    builder.constant(`rows ${part}`, "i32", [rowScales.length], ["embedding"], (scales) => {
      const scale = scales.get("embedding")!;
      return Int32Array.from(rowScales, (row) => dyadic(row, scale)[part]);
    });
  const multipliers = more.length === 0
    ? [each("multiplier"), each("shift")]
    : oneShift(builder, rowScales);
  const reals = positionTable(config, weights);
  // Longer texts are cut, so their positions need no codes; the scale is that of the whole table.
  const used = reals.subarray(0, maxTokens * width);
  const codes = builder.constant(
    "positions",
    "i16",
    [maxTokens, width],
    ["position"],
    (scales) => Int16Array.from(used, (x) => quantizeValue(x, scales.get("position")!, 16)),
  );
  const tensor = { dtype: "f32", shape: [positions, width], data: reals } as const;
  builder.activation({
    name: "position",
    bits: 16,
    output: codes,
    source: { kind: "constant", tensor },
  });
  const position = builder.dyadics("position", ruleOf("position"), "embedding");
  const inputs = [table, ...multipliers, codes, ...position, ids, offsets];
  const output = builder.graph.apply(
    embeddingInteger,
    [...inputs, ...more],
    more.length === 0 ? {} : { group: GROUP },
    { output: "embedding" },
  );
  builder.activation({
    name: "embedding",
    bits: 16,
    output,
    source: {
      kind: "tokens",
      ids,
      of: (ids) =>
        Float32Array.from({ length: ids.length * width }, (_, i) => {
          return Math.fround(element(ids[Math.floor(i / width)], i % width)) + reals[i];
        }),
    },
  });
  return output;
}

/** Multipliers of rows that share a shift, to save its bytes; the largest has 31 bits. */
function oneShift(builder: IntegerBuilder, rowScales: Float32Array): Value[] {
  const largest = rowScales.reduce((a, b) => Math.max(a, b));
  const shiftOf = (scales: Scales): number => dyadic(largest, scales.get("embedding")!).shift;
  return [
    builder.constant("rows multiplier", "i32", [rowScales.length], ["embedding"], (scales) => {
      const factor = 2 ** shiftOf(scales) / scales.get("embedding")!;
      return Int32Array.from(rowScales, (row) => Math.min(2 ** 31 - 1, Math.round(row * factor)));
    }),
    builder.constant(
      "rows shift",
      "i32",
      [1],
      ["embedding"],
      (scales) => Int32Array.of(shiftOf(scales)),
    ),
  ];
}

function tokenTable(
  builder: IntegerBuilder,
  { vocabulary, width }: BertConfig,
  weights: Weights,
  tableBits: 4 | 8,
): TokenTable {
  const name = "embeddings.word_embeddings.weight";
  const words = weight(weights, name, [vocabulary, width]).data as Float32Array;
  if (tableBits === 8) {
    const { codes, scales } = quantizeRows(words, vocabulary);
    const table = builder.constant("rows", "i8", [vocabulary, width], [], () => codes);
    const element = (row: number, c: number): number => codes[row * width + c] * scales[row];
    return { table, scales, element, more: [] };
  }
  if (width % GROUP !== 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot have a table of 4 bits: its width ${width} is no multiple of ${GROUP}`,
    );
  }
  const packed = quantizeRows4(words, vocabulary);
  const { codes, factors, scales } = packed;
  const table = builder.constant("rows", "u8", [vocabulary, width / 2], [], () => codes);
  const groups = width / GROUP;
  const more = [builder.constant("factors", "u8", [vocabulary, groups], [], () => factors)];
  return { table, scales, element: (row, c) => elementOf(packed, row, c), more };
}
