import * as ops from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { testFusion } from "../_check.ts";
import { COLUMNS, FloatNet } from "../_float_net.ts";

/** A ternary layer on codes of x. */
function layer(n: FloatNet): Value {
  const { q, alpha } = n.graph.applyAll(ops.quantizeRows, { x: n.x });
  const weight = n.graph.constant("", {
    dtype: "i8",
    shape: [COLUMNS, COLUMNS],
    data: Int8Array.from({ length: COLUMNS ** 2 }, () => n.random.integer(-1, 1)),
  });
  const weightScale = n.given("f32", 0.75);
  return n.graph.apply(ops.linearTernary, { x: q, alpha, weight, weightScale });
}

testFusion("ternary layer on codes and residual", () => new FloatNet(), [
  {
    of: "of an input",
    make: (n) => n.add(layer(n), n.x),
    instructions: ["quantize_rows_i8", "linear_ternary"],
  },
  {
    of: "what repeats over rows",
    make: (n) => n.add(layer(n), n.constant("f32", COLUMNS)),
    instructions: ["quantize_rows_i8", "linear_ternary", "add_f32"],
    because: "the residual repeats",
  },
  {
    of: "where the layer is read twice",
    make: (n) => {
      const y = layer(n);
      n.output(n.gelu(y), "other");
      return n.add(y, n.x);
    },
    instructions: ["quantize_rows_i8", "linear_ternary", "gelu_f32", "add_f32"],
    because: "2 nodes read value 5",
  },
]);
