import { FewbitError } from "../errors.ts";
import { format, product, sameShape } from "./extent.ts";
import type { Extent, Graph, Value } from "./graph.ts";
import type { UnaryFunction } from "../instructions/unary_functions.ts";
import { add, div, expand, mul, reduceSum, reshape, sub, unary, where } from "./ops/mod.ts";

/** Short ways to add the arithmetic of layers, losses and gradients to a graph. */
export class NodeBuilder {
  /** Adds to this graph. */
  constructor(readonly graph: Graph) {}

  /** `a + b`; b may repeat. */
  add(a: Value, b: Value): Value {
    const suffix = a.shape.slice(a.shape.length - b.shape.length);
    if (sameShape(suffix, b.shape)) return this.graph.apply(add, { a, b });
    // `Add` is for networks that only run, too, and repeats over leading axes only.
    return this.sub(a, this.scale(b, -1));
  }

  /** `a − b`; b may repeat. */
  sub(a: Value, b: Value): Value {
    return this.graph.apply(sub, { a, b });
  }

  /** `a·b`; b may repeat. */
  mul(a: Value, b: Value): Value {
    return this.graph.apply(mul, { a, b });
  }

  /** `a / b`; b may repeat. */
  div(a: Value, b: Value): Value {
    return this.graph.apply(div, { a, b });
  }

  /** `x·factor`. */
  scale(x: Value, factor: number): Value {
    return factor === 1 ? x : this.mul(x, this.scalar(factor));
  }

  /** `x + number`. */
  shift(x: Value, number: number): Value {
    return this.graph.apply(sub, { a: x, b: this.scalar(-number) });
  }

  /** `a` where a number is not 0, else `b`. */
  select(condition: Value, a: Value, b: Value): Value {
    return this.graph.apply(where, { condition, a, b });
  }

  /** A function of one number. */
  unary(x: Value, kind: UnaryFunction): Value {
    return this.graph.apply(unary, { x }, { kind });
  }

  /** One number as a constant. */
  scalar(value: number): Value {
    return this.constant([1], [value]);
  }

  /** A float32 constant. */
  constant(shape: readonly number[], elements: ArrayLike<number>): Value {
    return this.graph.constant("", { dtype: "f32", shape, data: Float32Array.from(elements) });
  }

  /** The same elements with other extents. */
  reshape(x: Value, shape: readonly Extent[]): Value {
    return sameShape(x.shape, shape) ? x : this.graph.apply(reshape, { x }, { shape });
  }

  /** Sum over the last axis, which stays as one column. */
  sumColumns(x: Value): Value {
    const leading = x.shape.slice(0, -1);
    const columns = this.graph.apply(reduceSum, { x: this.reshape(x, [...x.shape, 1]) });
    return this.reshape(columns, [...leading, 1]);
  }

  /** Sum of all elements, `[1]`. */
  sum(x: Value): Value {
    const column = this.reshape(x, [product(x.shape), 1]);
    return this.graph.apply(reduceSum, { x: column });
  }

  /** Repeats along a new axis before the last one. */
  expand(x: Value, times: Extent): Value {
    return this.graph.apply(expand, { x }, { times });
  }

  /** Sums over what an operand of `Mul` or `Add` repeats along: the gradient in its shape. */
  sumTo(x: Value, shape: readonly Extent[]): Value {
    const columns = shape[shape.length - 1];
    let summed = x;
    if (columns === 1 && x.shape[x.shape.length - 1] !== 1) summed = this.sumColumns(x);
    const extra = x.shape.length - shape.length;
    if (extra === 0) return summed;
    const rows = product(summed.shape.slice(0, extra));
    const planes = this.reshape(summed, [rows, product(shape)]);
    return this.reshape(this.graph.apply(reduceSum, { x: planes }), shape);
  }

  /**
   * Product of the extents of an axis of which a number must be known when the graph is built.
   *
   * @throws {FewbitError} `unsupported` for symbolic extents.
   */
  count(extents: readonly Extent[], what: string): number {
    const total = product(extents);
    if (typeof total === "number") return total;
    throw new FewbitError("unsupported", `${what} needs a fixed number, got ${format(extents)}`);
  }
}
