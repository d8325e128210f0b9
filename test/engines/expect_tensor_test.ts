/** Tensors of a type that is named: the type checker knows their elements, what is wrong is told. */
import assert from "node:assert/strict";
import { expectTensor } from "../../src/engines/expect_tensor.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { AsyncOnly } from "./_async_only.ts";
import { ENGINES } from "../conformance/_engines.ts";

const graph = new Graph();
const x = graph.input("x", "f32", [1, 3]);
graph.output("y", graph.apply(ops.add, { a: x, b: x }));
const inputs = { x: Float32Array.of(1, 2, 3) };

for (const { name, load } of ENGINES) {
  Deno.test(`${name}: an output has the type that is asked for`, async () => {
    using instance = new AsyncOnly(await load(await encodeProgram(compile(graph))));
    const outputs = await instance.run(inputs);
    const given: Float32Array = expectTensor(outputs, "y", "f32").data;
    const read: Float32Array = (await instance.read("y", "f32")).data;
    assert.deepEqual([...given], [2, 4, 6]);
    assert.deepEqual(read, given);
    const message = 'Tensor "y" is f32, expected i32';
    assert.throws(() => expectTensor(outputs, "y", "i32"), { code: "dtype_mismatch", message });
    await assert.rejects(instance.read("y", "i32"), { code: "dtype_mismatch", message });
    for (const name of ["z", "toString"]) {
      assert.throws(() => expectTensor(outputs, name, "f32"), {
        code: "not_found",
        message: `No tensor is named "${name}", there are y`,
      });
    }
    assert.throws(() => expectTensor({}, "y", "f32"), { message: /there are none$/ });
  });
}

Deno.test("a comparison of the type tells the elements", () => {
  const sum = (tensor: Tensor): number | bigint => {
    switch (tensor.dtype) {
      case "i64":
        return tensor.data.reduce((a, b) => a + b, 0n);
      case "f32":
        return Math.fround(tensor.data.reduce((a, b) => a + b, 0));
      default:
        return tensor.data.length;
    }
  };
  assert.equal(sum({ dtype: "i64", shape: [2], data: BigInt64Array.of(1n, 2n) }), 3n);
  assert.equal(sum({ dtype: "f32", shape: [2], data: Float32Array.of(1, 2) }), 3);
  // @ts-expect-error the elements of f32 are no bytes
  assert.equal(sum({ dtype: "f32", shape: [1], data: Uint8Array.of(1) }), 1);
});
