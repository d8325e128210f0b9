/** Sums that are kept in 16 bits, in the authors' orders, against exact rational arithmetic. */
import assert from "node:assert/strict";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { SUMS } from "../../../src/instructions/sums.ts";
import { ACCUMULATION_ORDERS, dot16 } from "../../../src/numeric/accumulate16.ts";
import { toHalf, widened } from "../../../src/numeric/half.ts";
import type { HalfType } from "../../../src/numeric/half.ts";
import { ProgramBuilder } from "../../../src/program/builder.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { absent, SHARED } from "../_shared.ts";
import { readOracle } from "./_oracle.ts";

const ROWS = 6;
const isAbsent = absent(`${SHARED}/golden/train`);
const oracle = isAbsent ? undefined : readOracle("accumulate16");

async function inWasm(
  type: HalfType,
  k: number,
  order: number,
  fused: boolean,
  rows: Uint16Array[],
) {
  const builder = new ProgramBuilder();
  const extents = (last: number) => [ROWS, 1, last].map((extent) => builder.expression(extent));
  const tensor = (region: "input" | "output", name: string, last: number) =>
    builder.whole(builder.tensor({ region, name, dtype: type, extents: extents(last) }));
  const [a, b, y] = [tensor("input", "a", k), tensor("input", "b", k), tensor("output", "y", 1)];
  builder.instruction("matmul_nt_16", { a, b, y }, { lanes: order, fused: fused ? 1 : 0 });
  builder.entry("main");
  using instance = await loadWasm(await encodeProgram(builder.finish()), { build: trainBuild() });
  const outputs = await instance.run({ a: rows[0], b: rows[1] });
  return [...outputs.y.data as Uint16Array];
}

/** Products of training: of a row and a column, k long. */
const PRODUCTS = ["matmul_nt_f32", "matmul_nn_f32", "matmul_tn_f32", "conv_f32"] as const;

/** The dot products of all rows, each by an instruction that keeps sums in 16 bits. */
async function inTraining(
  name: typeof PRODUCTS[number],
  type: HalfType,
  k: number,
  [a, b]: readonly Uint16Array[][],
): Promise<number[]> {
  const builder = new ProgramBuilder();
  const shapes: Record<typeof name, [string, string, number[], number[], number[]]> = {
    matmul_nt_f32: ["a", "b", [1, 1, k], [1, 1, k], [1, 1, 1]],
    matmul_nn_f32: ["a", "b", [1, 1, k], [1, k, 1], [1, 1, 1]],
    matmul_tn_f32: ["a", "b", [1, k, 1], [1, k, 1], [1, 1, 1]],
    conv_f32: ["x", "weight", [1, 1, 1, k], [1, 1, 1, k], [1, 1, 1, 1]],
  };
  const [left, right, ...extents] = shapes[name];
  const tensor = (region: "input" | "output", name: string, shape: readonly number[]) => {
    const of = shape.map((extent) => builder.expression(extent));
    return builder.whole(builder.tensor({ region, name, dtype: type, extents: of }));
  };
  const operands = {
    [left]: tensor("input", "left", extents[0]),
    [right]: tensor("input", "right", extents[1]),
    y: tensor("output", "y", extents[2]),
  };
  builder.instruction(name, operands, { sums: SUMS.values!.indexOf(type) });
  builder.entry("main");
  using instance = await loadWasm(await encodeProgram(builder.finish()), { build: trainBuild() });
  const sums = [];
  for (const [i, row] of a.entries()) {
    sums.push((await instance.run({ left: row, right: b[i] })).y.data[0] as number);
  }
  return sums;
}

for (const c of oracle?.cases ?? []) {
  Deno.test(`golden: accumulate16, ${c.name}`, async () => {
    const [type, , name, rounding] = c.name.split("/") as [HalfType, string, string, string];
    const order = ACCUMULATION_ORDERS.findIndex((one) => one === name);
    const fused = rounding === "fused";
    const want = c.bits.map((hex: string) => parseInt(hex, 16));
    const bits = ["a", "b"].map((of) => oracle!.tensors.get(`${type}/${of}`)!.data as Uint16Array);
    const rows = bits.map((all) =>
      Array.from({ length: ROWS }, (_, i) => all.slice(i * 4096, i * 4096 + c.K))
    );
    const got = rows[0].map((row, i) => {
      const [a, b] = [row, rows[1][i]].map((one) => [...widened(type, one)]);
      return toHalf(type, dot16(type, a, b, order, fused));
    });
    assert.deepEqual(got, want, "definition");
    const joined = rows.map((all) => Uint16Array.from(all.flatMap((row) => [...row])));
    assert.deepEqual(await inWasm(type, c.K, order, fused, joined), want, "module");
    // Products of training have this order.
    if (order !== 0 || !fused) return;
    for (const name of PRODUCTS) {
      assert.deepEqual(await inTraining(name, type, c.K, rows), want, name);
    }
  });
}
