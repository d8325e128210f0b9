/** QuantizeLinear and DequantizeLinear: one scale a program instruction, so axes and blocks are split. */
import type { Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import type { DType } from "../../../src/tensor.ts";
import { numbersOf } from "./_numbers.ts";
import type { OneNode } from "./_one_node.ts";
import { axisOf, positionsOf, stridesOf } from "./_shape.ts";

/** `TensorProto.DataType` of the codes that fewbit has. */
const CODE_TYPES: Readonly<Record<number, DType>> = { 2: "u8", 3: "i8", 5: "i16" };

/** Float32 to codes. */
export function quantizeLinear(node: OneNode): void {
  const { shape, data } = node.tensor(0);
  const requested = node.number("output_dtype", 0);
  const dtype = node.optional(2)?.dtype ?? CODE_TYPES[requested || 2];
  if (dtype !== "u8" && dtype !== "i8" && dtype !== "i16") throw new Error(`no codes of ${dtype}`);
  const x = node.input(0, [1, data.length]);
  const codes = byScale(node, x, (part, scale, zeroPoint) =>
    node.apply(
      ops.quantizeLinear,
      {
        x: part,
        scale: node.floats([1], [scale]),
        zeroPoint: node.words([node.signed(zeroPoint, dtype)]),
      },
      { to: dtype === "i16" ? "i16" : "i8" },
    ));
  node.outputCodes(codes, dtype, shape);
}

/** Codes to float32. */
export function dequantizeLinear(node: OneNode): void {
  const { shape, dtype } = node.tensor(0);
  const { value } = node.codes(0, 0);
  const x = byScale(
    node,
    value,
    (part, scale, zeroPoint) =>
      node.apply(ops.dequantizeLinear, {
        x: part,
        scale: node.floats([1], [scale]),
        zeroPoint: node.words([node.signed(zeroPoint, dtype)]),
      }),
  );
  node.output(x, shape);
}

/** Applies an op to the elements of each scale (input 1) and zero point (input 2), and joins them. */
function byScale(
  node: OneNode,
  x: Value,
  apply: (part: Value, scale: number, zeroPoint: number) => Value,
): Value {
  const scales = numbersOf(node.tensor(1));
  const zeroPoints = node.optional(2) === undefined ? undefined : numbersOf(node.tensor(2));
  const one = (part: Value, s: number) => apply(part, scales[s], zeroPoints?.[s] ?? 0);
  if (scales.length === 1) return one(x, 0);
  const members: number[][] = scales.map(() => []);
  scaleOfElements(node).forEach((s, element) => members[s].push(element));
  const columns = members.map((member, s) => one(node.pick(x, member, [member.length, 1]), s));
  const place = new Map(members.flat().map((element, at) => [element, at]));
  const order = Array.from(place.keys(), (_, element) => place.get(element)!);
  return node.pick(node.stack(columns), order, [1, order.length]);
}

/** Index of the scale of each element: one for each step along an axis, or for each block of it. */
function scaleOfElements(node: OneNode): number[] {
  const { shape } = node.tensor(0);
  const scaleShape = node.tensor(1).shape;
  const axis = axisOf(node.number("axis", 1), shape.length);
  const block = node.number("block_size", 0);
  const positions = Array.from(positionsOf(shape));
  if (block === 0) return positions.map((position) => position[axis]);
  const strides = stridesOf(scaleShape);
  return positions.map((position) =>
    position.reduce(
      (sum, at, i) => sum + (i === axis ? Math.floor(at / block) : at) * strides[i],
      0,
    )
  );
}
