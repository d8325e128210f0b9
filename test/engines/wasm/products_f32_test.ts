import assert from "node:assert/strict";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import type { Build } from "../../../src/engines/wasm/module.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { ProgramBuilder } from "../../../src/program/builder.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { trainFastBuild } from "../../../src/training/train_fast_build.ts";

/** Extents of several blocks of rows, of k, and of columns, none of which is whole. */
const [M, K, N] = [133, 391, 670];

const KINDS = { matmul_nt_f32: [N, K], matmul_nn_f32: [K, N] } as const;

/** Numbers whose products are not exact. */
function floats(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 0.7));
}

async function product(
  name: keyof typeof KINDS,
  build: Build,
  inputs: Readonly<Record<string, Float32Array>>,
): Promise<Float32Array> {
  const builder = new ProgramBuilder();
  const tensor = (region: "input" | "output", name: string, shape: readonly number[]) =>
    builder.whole(builder.tensor({
      region,
      dtype: "f32",
      extents: shape.map((extent) => builder.expression(extent)),
      name,
    }));
  builder.instruction(name, {
    a: tensor("input", "a", [1, M, K]),
    b: tensor("input", "b", [1, ...KINDS[name]]),
    ...name === "matmul_nt_f32" && { bias: tensor("input", "bias", [N]) },
    y: tensor("output", "y", [1, M, N]),
  });
  builder.entry("main");
  using instance = await loadWasm(await encodeProgram(builder.finish()), { build });
  return instance.runSync(inputs).y.data as Float32Array;
}

for (const name of ["matmul_nt_f32", "matmul_nn_f32"] as const) {
  Deno.test(`${name}: large products are sums in their order, and nearly so in train-fast`, async () => {
    const isTransposed = name === "matmul_nt_f32";
    const a = floats(M * K, 1), b = floats(K * N, 2), bias = floats(N, 3);
    const inputs = { a, b, ...isTransposed && { bias } };
    const exact = await product(name, trainBuild(), inputs);
    const fast = await product(name, await trainFastBuild(true), inputs);
    // Every place of tiles, blocks and groups comes up: 37 is prime to all of their sizes.
    for (let at = 0; at < M * N; at += 37) {
      const [i, j] = [Math.floor(at / N), at % N];
      let sum = 0, size = 0;
      for (let k = 0; k < K; k++) {
        const x = a[i * K + k], w = isTransposed ? b[j * K + k] : b[k * N + j];
        sum = Math.fround(sum + Math.fround(x * w));
        size += Math.abs(x * w);
      }
      if (isTransposed) sum = Math.fround(sum + bias[j]);
      assert.equal(exact[at], sum, `[${i}, ${j}]`);
      // Each of K sums of either is off by half a unit of at most `size`.
      assert.ok(Math.abs(fast[at] - sum) <= K * 2 ** -23 * size, `[${i}, ${j}] of train-fast`);
    }
  });
}
