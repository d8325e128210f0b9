/**
 * ONNX's own tests of single ops, as programs of one op, on every engine. What does not pass is
 * listed by name in `onnx/unsupported.ts`.
 */
import assert from "node:assert/strict";
import { readOnnx, readTensorProto } from "../../src/formats/onnx.ts";
import type { OnnxNode } from "../../src/formats/onnx_model.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { tensorOf } from "../../src/tensor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { withArchive } from "./_archive.ts";
import { importNode } from "./onnx/import_node.ts";
import { FIRST_OUTPUT_ONLY, OTHER_OPS, UNSUPPORTED } from "./onnx/unsupported.ts";

/** ONNX's own runner allows a thousandth. */
const RELATIVE = 1e-5;
const ABSOLUTE = 1e-7;

const ARCHIVE = "data/onnx-node-tests/onnx-node-tests-selected.tar.xz";

withArchive("onnx: node tests", ARCHIVE, async (folder, t) => {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name)
    .filter((name) => !name.includes("_expanded")).sort();
  assert.equal(names.length, 690);
  for (const name of UNSUPPORTED.keys()) assert.ok(names.includes(name), `no test ${name}`);
  const others = new Set<string>();
  for (const name of names) {
    const path = `${folder}/${name}`;
    const { nodes } = readOnnx(await Deno.readFile(`${path}/model.onnx`)).graph;
    const ops = nodes.map((node) => node.opType);
    if (OTHER_OPS.has(ops[0])) {
      others.add(ops[0]);
      continue;
    }
    assert.equal(ops.length, 1, name);
    await t.step(`${ops[0]}: ${name}`, async () => {
      const reason = UNSUPPORTED.get(name);
      if (reason === undefined) return await runNode(path, nodes[0]);
      const passes = await runNode(path, nodes[0]).then(() => true, () => false);
      assert.ok(!passes, `It passes, but is listed: ${reason}`);
    });
  }
  assert.deepEqual([...OTHER_OPS].filter((op) => !others.has(op)), []);
});

async function runNode(path: string, node: OnnxNode): Promise<void> {
  const inputs = readTensors(`${path}/test_data_set_0`, "input", node.inputs);
  const one = importNode(node, inputs);
  const file = await encodeProgram(compile(one.graph));
  const expected = readTensors(`${path}/test_data_set_0`, "output", node.outputs);
  const count = FIRST_OUTPUT_ONLY.has(node.opType) ? 1 : expected.length;
  assert.equal(one.outputShapes.length, count);
  for (const engine of ENGINES) {
    using instance = await engine.load(file);
    const outputs = await instance.run(one.feeds);
    one.outputShapes.forEach((shape, i) => {
      const { dtype, data } = outputs[`output_${i}`];
      assertClose(tensorOf(dtype, shape, data), expected[i]!, `${engine.name}, ${node.outputs[i]}`);
    });
  }
}

/** The tensors beside a model; an empty name has none. */
function readTensors(
  folder: string,
  kind: "input" | "output",
  names: readonly string[],
): (Tensor | undefined)[] {
  let next = 0;
  return names.map((name) =>
    name === "" ? undefined : readTensorProto(Deno.readFileSync(`${folder}/${kind}_${next++}.pb`))
  );
}

/** Integers are the same, floats close. */
function assertClose(actual: Tensor, expected: Tensor, message: string): void {
  assert.equal(actual.dtype, expected.dtype, message);
  assert.deepEqual(actual.shape, expected.shape, message);
  assert.equal(actual.data.length, expected.data.length, message);
  const [relative, absolute] = expected.dtype === "f32" ? [RELATIVE, ABSOLUTE] : [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [Number(actual.data[i]), Number(expected.data[i])];
    const close = Object.is(a, e) || Math.abs(a - e) <= absolute + relative * Math.abs(e);
    assert.ok(close, `${message}: element ${i} is ${a}, expected ${e}`);
  }
}
