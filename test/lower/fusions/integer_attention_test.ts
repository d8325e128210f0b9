import * as ops from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { testFusion } from "../_check.ts";
import { COLUMNS, IntegerNet } from "../_integer_net.ts";
import type { To } from "../_integer_net.ts";

const LENGTH = 4;

/** What an attention has besides, or has otherwise. */
interface Change {
  /** `[2, 4, 4]`, `[4]` for all queries, or not constant. */
  readonly bias?: "constant" | "keys" | "input" | "twice";
  readonly mask?: boolean;
  readonly mode?: "table" | "shift";
  readonly bits?: 8 | 16;
  readonly scores?: { readonly to?: To; readonly zeroPoint?: boolean; readonly columns?: number };
  readonly second?: { readonly zeroPoint?: boolean; readonly columns?: number };
  readonly result?: {
    readonly to?: To;
    readonly zeroPoint?: boolean;
    readonly columns?: number;
    readonly residual?: boolean;
  };
  /** What is an output besides. */
  readonly output?: "scores" | "codes" | "weights" | "values";
  /** What is no result of the op that it should be. */
  readonly input?: "scores" | "codes" | "weights";
}

/** q·k → 8 bits (→ bias) → softmax → ·v → 8 bits. */
function attention(change: Change): (net: IntegerNet) => Value {
  return (net) => {
    const { graph } = net;
    const plane = (name: string) => net.input(name, "i8", 2, LENGTH, COLUMNS);
    const [q, k, v] = [plane("q"), plane("k"), plane("v")];
    const shown = (name: string, value: Value): Value =>
      change.output === name ? net.output(value, name) : value;
    const given = (name: string, dtype: "i8" | "i16", value: () => Value): Value =>
      change.input === name ? net.input(name, dtype, 2, 2, LENGTH, LENGTH) : value();
    const scores = shown(
      "scores",
      given("scores", "i8", () => graph.apply(ops.attentionScoresInteger, { q, k }, { heads: 2 })),
    );
    const codes = given("codes", "i8", () => {
      const first = net.requantize(scores, change.scores?.to ?? "i8", change.scores);
      return change.bias === undefined ? first : biased(net, first, change);
    });
    const weights = given("weights", "i16", () => softmax(net, shown("codes", codes), change));
    const values = shown(
      "values",
      graph.apply(ops.attentionValuesInteger, { p: shown("weights", weights), v }),
    );
    const { to = "i8", residual, ...more } = change.result ?? {};
    const identity = residual ? net.input("r", "i8", 2, LENGTH, COLUMNS) : undefined;
    return net.requantize(values, to, { ...more, ...identity && { identity } });
  };
}

function biased(net: IntegerNet, scores: Value, { bias, second }: Change): Value {
  const heads = [2, LENGTH, LENGTH];
  const identity = bias === "input"
    ? net.input("bias", "i8", ...heads)
    : net.constant("i8", ...bias === "keys" ? [LENGTH] : heads);
  const sum = net.requantize(scores, "i8", { identity, ...second });
  return bias === "twice"
    ? net.requantize(sum, "i8", { identity: net.constant("i8", ...heads) })
    : sum;
}

function softmax(net: IntegerNet, x: Value, { mask, mode = "table", bits = 16 }: Change): Value {
  const exponentials = Int32Array.from({ length: 256 }, (_, d) => 2 ** 20 * Math.exp(-d / 30));
  return net.graph.apply(ops.softmaxInteger, {
    x,
    parameter: mode === "table" ? net.given("i32", ...exponentials) : net.given("i32", -30),
    mask: mask
      ? net.graph.constant("", {
        dtype: "u8",
        shape: [2, LENGTH, LENGTH],
        data: Uint8Array.from({ length: 2 * LENGTH ** 2 }, (_, i) => i % 3 ? 0 : 1),
      })
      : undefined,
  }, { mode, bits });
}

const PARTS = ["attention_scores_i8", "softmax_i8", "attention_values_i8"];
const BIASED = ["attention_scores_i8", "requantize", "softmax_i8", "attention_values_i8"];
const ALONE = ["attention_scores_i8", "softmax_i8", "attention_values_i8", "requantize"];

testFusion("integer attention", () => new IntegerNet(), [
  { of: "plain", make: attention({}), instructions: ["attention_i8"] },
  { of: "with a bias", make: attention({ bias: "constant" }), instructions: ["attention_i8"] },
  { of: "with a mask", make: attention({ mask: true }), instructions: ["attention_i8"] },
  {
    of: "with bias and mask",
    make: attention({ bias: "constant", mask: true }),
    instructions: ["attention_i8"],
  },
  { of: "of Shiftmax", make: attention({ mode: "shift" }), instructions: ["attention_i8"] },
  {
    of: "of Shiftmax in 8 bits",
    make: attention({ mode: "shift", bits: 8, mask: true }),
    instructions: ["attention_i8"],
  },
  {
    of: "with a residual",
    make: attention({ result: { residual: true } }),
    instructions: ALONE,
    because: "a residual is added",
  },
  {
    of: "to 16 bits",
    make: attention({ result: { to: "i16" } }),
    instructions: ALONE,
    because: "its results are i16",
  },
  {
    of: "by column",
    make: attention({ result: { columns: COLUMNS } }),
    instructions: ALONE,
    because: "channels have scales of their own",
  },
  {
    of: "where the sums of values are an output",
    make: attention({ output: "values" }),
    instructions: [...ALONE, "copy"],
    because: "value 10 is an output",
  },
  {
    of: "where the probabilities are an output",
    make: attention({ output: "weights" }),
    instructions: [...PARTS, "copy"],
    because: "value 9 is an output",
  },
  {
    of: "where the codes of scores are an output",
    make: attention({ output: "codes" }),
    instructions: [...PARTS, "copy"],
    because: "value 7 is an output",
  },
  {
    of: "where the scores are an output",
    make: attention({ output: "scores" }),
    instructions: [...BIASED, "copy"],
    because: "value 4 is an output",
  },
  {
    of: "of probabilities that come from elsewhere",
    make: attention({ input: "weights" }),
    instructions: ["attention_values_i8"],
    because: '"weights" comes from no node, not SoftmaxInteger',
  },
  {
    of: "of codes that come from elsewhere",
    make: attention({ input: "codes" }),
    instructions: ["softmax_i8", "attention_values_i8"],
    because: '"codes" comes from no node, not Requantize',
  },
  {
    of: "of scores that come from elsewhere",
    make: attention({ input: "scores" }),
    instructions: ["requantize", "softmax_i8", "attention_values_i8"],
    because: '"scores" comes from no node, not AttentionScoresInteger',
  },
  {
    of: "with a bias that is not constant",
    make: attention({ bias: "input" }),
    instructions: BIASED,
    because: "the bias is not constant",
  },
  {
    of: "with a bias that repeats over queries",
    make: attention({ bias: "keys" }),
    instructions: BIASED,
    because: "the bias is not [heads, queries, keys]",
  },
  {
    of: "with two biases",
    make: attention({ bias: "twice" }),
    instructions: ["attention_scores_i8", "requantize", "requantize", ...PARTS.slice(1)],
    because: "two biases are added",
  },
  {
    of: "where scores have 16 bits before the bias",
    make: attention({ bias: "constant", scores: { to: "i16" } }),
    instructions: ["attention_scores_i8", "requantize", "requantize", ...PARTS.slice(1)],
    because: "the scores are i16",
  },
  {
    of: "with scores by key",
    make: attention({ scores: { columns: LENGTH } }),
    instructions: BIASED,
    because: "scores have scales of their own",
  },
  {
    of: "with biased scores by key",
    make: attention({ bias: "constant", second: { columns: LENGTH } }),
    instructions: BIASED,
    because: "biased scores have scales of their own",
  },
  {
    of: "with a zero point of the scores",
    make: attention({ scores: { zeroPoint: true } }),
    instructions: BIASED,
    because: "there is a zero point",
  },
  {
    of: "with a zero point of the biased scores",
    make: attention({ bias: "constant", second: { zeroPoint: true } }),
    instructions: BIASED,
    because: "there is a zero point",
  },
  {
    of: "with a zero point of the result",
    make: attention({ result: { zeroPoint: true } }),
    instructions: ALONE,
    because: "there is a zero point",
  },
]);
