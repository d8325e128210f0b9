/** From the oracle's layouts to those of the ops, and back. */
import type { Value } from "../../../src/graph/graph.ts";
import type { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { transpose } from "../../../src/graph/ops/mod.ts";

/** `[N, C, H, W]` to `[N, H, W, C]`, weights `[O, I, h, w]` to `[O, h, w, I]`; `[N, C]` stays. */
export function channelsLast({ graph }: NodeBuilder, x: Value): Value {
  return x.shape.length === 4 ? graph.apply(transpose, { x }, { perm: [0, 2, 3, 1] }) : x;
}

/** Back. */
export function channelsFirst({ graph }: NodeBuilder, x: Value): Value {
  return x.shape.length === 4 ? graph.apply(transpose, { x }, { perm: [0, 3, 1, 2] }) : x;
}
