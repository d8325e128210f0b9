import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { SecondMoments } from "../../src/quantize/second_moments.ts";
import type { LoadProgram } from "../../src/quantize/second_moments.ts";
import { Random } from "../conformance/_random.ts";

const ENGINES: readonly LoadProgram[] = [
  async (program, symbols) => await loadReference(await encodeProgram(program), { symbols }),
  async (program, symbols) =>
    await loadWasm(await encodeProgram(program), { symbols, build: "simd" }),
];

Deno.test("products of columns, rows ascending, batch after batch, in float32", async () => {
  const { fround } = Math;
  for (const columns of [1, 5, 192, 203, 400]) {
    const random = new Random(columns);
    const batches = [6, 9, 1].map((rows) =>
      Float32Array.from({ length: rows * columns }, () => random.unit() * 4 - 2)
    );
    const expected = new Float32Array(columns * columns);
    for (const x of batches) {
      for (let i = 0; i < columns; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let at = 0; at < x.length; at += columns) {
            sum = fround(sum + fround(x[at + i] * x[at + j]));
          }
          expected[i * columns + j] += sum;
        }
      }
    }
    for (const load of ENGINES) {
      using products = await SecondMoments.of(load, 9, columns);
      const moments = new Float32Array(columns * columns);
      for (const x of batches) products.add(moments, x, columns);
      assert.deepEqual(moments, expected);
    }
  }
});
