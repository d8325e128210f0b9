import * as ops from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { testFusion } from "../_check.ts";
import { COLUMNS, IntegerNet, ROWS } from "../_integer_net.ts";

function scores(n: IntegerNet): Value {
  const [q, k] = [n.input("q", "i8", 2, ROWS, COLUMNS), n.input("k", "i8", 2, 4, COLUMNS)];
  return n.graph.apply(ops.attentionScoresInteger, { q, k }, { heads: 2 });
}

function values(n: IntegerNet): Value {
  const [p, v] = [n.input("p", "i16", 2, 2, ROWS, 4), n.input("v", "i8", 2, 4, COLUMNS)];
  return n.graph.apply(ops.attentionValuesInteger, { p, v });
}

function gelu(n: IntegerNet): Value {
  return n.graph.apply(ops.shiftGelu, { x: n.x, x0: n.given("i32", -20) });
}

testFusion("requantised sums", () => new IntegerNet(), [
  {
    of: "a linear layer",
    make: (n) => n.requantize(n.linear(), "i8"),
    instructions: ["linear_i8"],
  },
  {
    of: "a linear layer by column",
    make: (n) => n.requantize(n.linear(), "i8", { columns: COLUMNS }),
    instructions: ["linear_i8"],
  },
  {
    of: "a linear layer to 16 bits",
    make: (n) => n.requantize(n.linear(), "i16"),
    instructions: ["linear_i8"],
  },
  {
    of: "a linear layer of 16-bit codes",
    make: (n) => n.requantize(n.linear(n.residual("i16")), "i16"),
    instructions: ["linear_i16"],
  },
  {
    of: "a linear layer with a zero point",
    make: (n) => n.requantize(n.linear(), "i8", { zeroPoint: true }),
    instructions: ["linear_i8"],
  },
  {
    of: "a norm by column",
    make: (n) => n.requantize(n.norm(n.x), "i16", { columns: COLUMNS }),
    instructions: ["layer_norm_i16"],
  },
  { of: "ShiftGELU", make: (n) => n.requantize(gelu(n), "i16"), instructions: ["shift_gelu"] },
  {
    of: "scores",
    make: (n) => n.requantize(scores(n), "i8"),
    instructions: ["attention_scores_i8"],
  },
  {
    of: "values",
    make: (n) => n.requantize(values(n), "i8"),
    instructions: ["attention_values_i8"],
  },
  {
    of: "to 32 bits",
    make: (n) => n.requantize(n.linear(), "i32"),
    instructions: ["linear_i8", "requantize"],
    because: "its results have 32 bits",
  },
  {
    of: "with a residual at once",
    make: (n) => n.requantize(n.linear(), "i16", { identity: n.residual() }),
    instructions: ["linear_i8", "requantize"],
    because: "it adds a residual",
  },
  {
    of: "where the sums are an output",
    make: (n) => n.requantize(n.output(n.linear(), "sums"), "i8"),
    instructions: ["linear_i8", "requantize", "copy"],
    because: "value 3 is an output",
  },
  {
    of: "where the sums are read twice",
    make: (n) => {
      const sums = n.linear();
      n.output(n.requantize(sums, "i16"), "other");
      return n.requantize(sums, "i8");
    },
    instructions: ["linear_i8", "requantize", "requantize"],
    because: "2 nodes read value 3",
  },
  {
    of: "a norm with a zero point",
    make: (n) => n.requantize(n.norm(n.x), "i8", { zeroPoint: true }),
    instructions: ["layer_norm_i16", "requantize"],
    because: "LayerNormInteger takes no zero point",
  },
  {
    of: "ShiftGELU with a zero point",
    make: (n) => n.requantize(gelu(n), "i8", { zeroPoint: true }),
    instructions: ["shift_gelu", "requantize"],
    because: "ShiftGelu takes no zero point",
  },
  {
    of: "ShiftGELU by column",
    make: (n) => n.requantize(gelu(n), "i8", { columns: COLUMNS }),
    instructions: ["shift_gelu", "requantize"],
    because: "channels have scales of their own",
  },
  {
    of: "scores with a zero point",
    make: (n) => n.requantize(scores(n), "i8", { zeroPoint: true }),
    instructions: ["attention_scores_i8", "requantize"],
    because: "AttentionScoresInteger takes no zero point",
  },
  {
    of: "scores to 16 bits",
    make: (n) => n.requantize(scores(n), "i16"),
    instructions: ["attention_scores_i8", "requantize"],
    because: "its results have 16 bits",
  },
  {
    of: "values to 16 bits",
    make: (n) => n.requantize(values(n), "i16"),
    instructions: ["attention_values_i8", "requantize"],
    because: "its results have 16 bits",
  },
  {
    of: "scores by column",
    make: (n) => n.requantize(scores(n), "i8", { columns: 4 }),
    instructions: ["attention_scores_i8", "requantize"],
    because: "channels have scales of their own",
  },
  {
    of: "values by column",
    make: (n) => n.requantize(values(n), "i8", { columns: COLUMNS }),
    instructions: ["attention_values_i8", "requantize"],
    because: "channels have scales of their own",
  },
]);
