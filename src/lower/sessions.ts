/** What rules of attention with a cache have in common. */
import type { Value } from "../graph/graph.ts";
import type { Index } from "../program/program.ts";
import type { Lowering } from "./lowering.ts";

/** Inputs of an attention with a cache. */
export type CachedInputs = Readonly<
  Record<"offsets" | "slot" | "past" | "k" | "v" | "keys" | "values", Value>
>;

/** Views of the sequences and of the caches, to which keys and values are appended. */
export function appendToCaches(
  lowering: Lowering,
  inputs: CachedInputs,
): Readonly<Record<"offsets" | "slot" | "past" | "keys" | "values", Index>> {
  const sessions = {
    offsets: lowering.operand(inputs.offsets),
    slot: lowering.operand(inputs.slot),
    past: lowering.operand(inputs.past),
  };
  const keys = lowering.operand(inputs.keys);
  const values = lowering.operand(inputs.values);
  lowering.emit([], "append_rows", { x: lowering.operand(inputs.k), ...sessions, cache: keys });
  lowering.emit([], "append_rows", { x: lowering.operand(inputs.v), ...sessions, cache: values });
  return { ...sessions, keys, values };
}
