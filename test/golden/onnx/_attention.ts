/** Attention: heads are made columns, masks a bias; a cache is joined to the new keys and values. */
import type { Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { elementCount } from "../../../src/tensor.ts";
import { numbersOf } from "./_numbers.ts";
import type { OneNode } from "./_one_node.ts";
import { broadcast, positionsOf, range, stridesOf } from "./_shape.ts";

/** Queries, keys or values: where element (batch, head, row, d) lies in `value`. */
interface Heads {
  readonly value: Value;
  readonly extents: readonly [batch: number, heads: number, rows: number, size: number];
  readonly index: (batch: number, head: number, row: number, d: number) => number;
}

/** `softmax(scale·q·kᵀ + mask)·v`. */
export function attention(node: OneNode): void {
  if (node.number("softcap", 0) !== 0) throw new Error("no softcap");
  if (node.wants(3)) throw new Error("no output of scores");
  const q = heads(node, 0, node.number("q_num_heads", 0));
  const newKeys = heads(node, 1, node.number("kv_num_heads", 0));
  const past = node.optional(4)?.shape[2] ?? 0;
  const k = withPast(node, newKeys, 4);
  const v = withPast(node, heads(node, 2, node.number("kv_num_heads", 0)), 5);
  const [batch, qHeads, queries, size] = q.extents;
  const valueSize = v.extents[3];
  const common = Math.max(size, valueSize);
  const attributes = { heads: qHeads, scale: node.number("scale", 1 / Math.sqrt(size)) };
  const biases = biasOf(node, [batch, qHeads, queries, k.extents[2]], past);
  const groups = biases.length === 1 ? [range(batch)] : range(batch).map((b) => [b]);
  const parts = groups.map((group, g) => {
    const [qs, ks, vs] = [q, k, v].map((x) => columnsOf(node, x, group, qHeads, common));
    let scores = node.apply(ops.attentionScores, { q: qs, k: ks }, attributes);
    const bias = biases[g];
    if (bias !== undefined) {
      const shape = [qHeads, queries, k.extents[2]];
      scores = node.apply(ops.add, { a: scores, b: node.floats(shape, bias) });
    }
    const y = node.apply(ops.attentionValues, { p: node.apply(ops.softmax, { x: scores }), v: vs });
    return node.reshape(y, [group.length * queries, qHeads * common]);
  });
  const y = node.stack(parts);
  const threeD = node.tensor(0).shape.length === 3;
  const strides = stridesOf([batch, queries, qHeads, common]);
  const outputs = threeD
    ? [batch, queries, qHeads, valueSize]
    : [batch, qHeads, queries, valueSize];
  const order = Array.from(positionsOf(outputs), ([b, x, z, d]) => {
    const [row, head] = threeD ? [x, z] : [z, x];
    return b * strides[0] + row * strides[1] + head * strides[2] + d;
  });
  const shape = threeD ? [batch, queries, qHeads * valueSize] : outputs;
  node.output(node.pick(y, order, [1, order.length]), shape);
  [k, v].forEach((cache, i) => {
    if (!node.wants(i + 1)) return;
    const all = Array.from(positionsOf(cache.extents), ([b, h, r, d]) => cache.index(b, h, r, d));
    node.output(node.pick(cache.value, all, [1, all.length]), cache.extents);
  });
}

/** An input of `[batch, rows, heads·size]` or `[batch, heads, rows, size]`. */
function heads(node: OneNode, index: number, count: number): Heads {
  const { shape } = node.tensor(index);
  const value = node.input(index, [1, elementCount(shape)]);
  if (shape.length === 4) {
    const [batch, h, rows, size] = shape;
    const strides = stridesOf(shape);
    return {
      value,
      extents: [batch, h, rows, size],
      index: (b, head, row, d) => b * strides[0] + head * strides[1] + row * size + d,
    };
  }
  const [batch, rows, columns] = shape;
  const size = columns / count;
  return {
    value,
    extents: [batch, count, rows, size],
    index: (b, head, row, d) => (b * rows + row) * columns + head * size + d,
  };
}

/** The rows of a cache before those of the input. */
function withPast(node: OneNode, present: Heads, index: number): Heads {
  if (node.optional(index) === undefined) return present;
  const past = heads(node, index, 0);
  const [batch, count, rows, size] = present.extents;
  const before = past.extents[2];
  const pastCount = elementCount(past.extents);
  const column = (x: Heads, leading: number[]) =>
    node.reshape(x.value, [...leading, elementCount(x.extents), 1]);
  return {
    value: node.apply(ops.concatRows, { first: column(past, []), x: column(present, [1]) }),
    extents: [batch, count, before + rows, size],
    index: (b, h, row, d) =>
      row < before ? past.index(b, h, row, d) : pastCount + present.index(b, h, row - before, d),
  };
}

/** `[batches, rows, heads·size]`: shared heads repeat, heads of a smaller size end in zeros. */
function columnsOf(
  node: OneNode,
  { value, extents: [, own, rows, ownSize], index }: Heads,
  batches: readonly number[],
  count: number,
  size: number,
): Value {
  const shared = count / own;
  const indices = Array.from(
    positionsOf([batches.length, rows, count, size]),
    ([b, row, h, d]) => d < ownSize ? index(batches[b], Math.floor(h / shared), row, d) : -1,
  );
  return node.pick(value, indices, [batches.length, rows, count * size]);
}

/** What is added to the scores: nothing, the same for each batch member, or a list. */
function biasOf(
  node: OneNode,
  shape: readonly [batch: number, heads: number, queries: number, length: number],
  past: number,
): (readonly number[] | undefined)[] {
  const [batch, , queries, length] = shape;
  const mask = maskOf(node, shape);
  const used = node.optional(6);
  const causal = node.number("is_causal", 0) !== 0;
  if (mask === undefined && used === undefined && !causal) return [undefined];
  const lengths = used === undefined ? range(batch).map(() => length) : numbersOf(used);
  const biases = Array.from(positionsOf(shape), ([b, , i, j], at) => {
    const offset = used === undefined ? past : lengths[b] - queries;
    return j >= lengths[b] || (causal && j > i + offset) ? -Infinity : mask?.[at] ?? 0;
  });
  const each = biases.length / batch;
  const list = range(batch).map((b) => biases.slice(b * each, (b + 1) * each));
  const same = list.every((bias) => bias.every((value, i) => value === list[0][i]));
  return same ? [list[0]] : list;
}

/** The mask as numbers to add; a mask of fewer keys hides the others. */
function maskOf(node: OneNode, shape: readonly number[]): readonly number[] | undefined {
  const mask = node.optional(3);
  if (mask === undefined) return undefined;
  const numbers = numbersOf(mask).map((v) => mask.dtype === "bool" ? (v === 0 ? -Infinity : 0) : v);
  const keys = mask.shape[mask.shape.length - 1];
  const length = shape[shape.length - 1];
  if (keys === length) return broadcast(mask.shape, shape).map((i) => numbers[i]);
  const padded = numbers.flatMap((value, i) =>
    (i + 1) % keys === 0 ? [value, ...new Array<number>(length - keys).fill(-Infinity)] : [value]
  );
  return broadcast([...mask.shape.slice(0, -1), length], shape).map((i) => padded[i]);
}
