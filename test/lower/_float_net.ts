import * as ops from "../../src/graph/ops/mod.ts";
import type { Value } from "../../src/graph/graph.ts";
import { Net } from "./_check.ts";

export const [ROWS, COLUMNS] = [3, 16];

/** Float32 and ternary nodes on x `[3, 16]`. */
export class FloatNet extends Net {
  readonly x = this.input("x", "f32", ROWS, COLUMNS);

  linear(x = this.x): Value {
    const weight = this.constant("f32", COLUMNS, COLUMNS);
    return this.graph.apply(ops.linear, { x, weight, bias: this.constant("f32", COLUMNS) });
  }

  bitLinear(x = this.x, epsilon = 1e-6): Value {
    const weight = this.graph.constant("", {
      dtype: "i8",
      shape: [COLUMNS, COLUMNS],
      data: Int8Array.from({ length: COLUMNS ** 2 }, () => this.random.integer(-1, 1)),
    });
    return this.graph.apply(ops.bitLinear, {
      x,
      gamma: this.constant("f32", COLUMNS),
      weight,
      weightScale: this.given("f32", 0.75),
    }, { epsilon });
  }

  norm(x = this.x): Value {
    const gamma = this.constant("f32", COLUMNS);
    return this.graph.apply(ops.rmsNormalization, { x, gamma }, { epsilon: 1e-5 });
  }

  gelu(x = this.x): Value {
    return this.graph.apply(ops.gelu, { x });
  }

  add(a: Value, b: Value): Value {
    return this.graph.apply(ops.add, { a, b });
  }
}
