/** Constants in several buffers, native float32, many rows, many runs, shaders that are wrong. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { Chunks } from "../../src/engines/webgpu/_chunks.ts";
import { Device } from "../../src/engines/webgpu/_device.ts";
import { Pipelines } from "../../src/engines/webgpu/_pipelines.ts";
import { loadOnDevice } from "../../src/engines/webgpu/_load_on_device.ts";
import { loadWebGpu } from "../../src/engines/webgpu/load.ts";
import { dotProduct } from "../../src/engines/webgpu/wgsl/integer.ts";
import { wholeProgram } from "../../src/engines/whole_program.ts";
import { FewbitError } from "../../src/errors.ts";
import { Graph } from "../../src/graph/graph.ts";
import { linear } from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { randomWord } from "../../src/numeric/random_word.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { GPU_TEST } from "./gpu.ts";
import { runWords, WORDS } from "./_run_words.ts";

const modelFile = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  Deno.readFile(new URL(`../../models/${name}.fewbit`, import.meta.url));

const PIXELS = Uint8Array.from({ length: 784 }, (_, i) => randomWord(7, 1, 0, i));

async function ownDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  return await adapter!.requestDevice();
}

/** Numbers around 0 in float32. */
function noise(length: number, stream: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length },
    (_, i) => (randomWord(11, stream, 0, i) / 2 ** 32 - 0.5) * 4,
  );
}

Deno.test({
  name: "webgpu: constants in several buffers give the same bits",
  ...GPU_TEST,
  fn: async () => {
    const file = await modelFile("vit-fashion-mnist");
    const whole = wholeProgram(file, {});
    const gpu = await ownDevice();
    const device = new Device(gpu, undefined);
    using wasm = await loadWasm(file);
    const expected = await wasm.run({ pixels: PIXELS });
    // Cut wherever: of some instructions a table or a bias is in another buffer than the weights.
    const largest = Math.max(...whole.verified.plan.bytes);
    let copies = 0;
    for (const most of [1.1, 1.5, 2.5].map((factor) => Math.ceil(largest * factor))) {
      copies += new Chunks(whole.verified, most).copies.size;
      using instance = await loadOnDevice(device, whole, {}, most);
      assert.deepEqual(await instance.run({ pixels: PIXELS }), expected);
      // Constants are read from wherever they are.
      for (const [i, { region }] of instance.program.tensors.entries()) {
        if (region === "constant") assert.deepEqual(await instance.peek(i), wasm.peekSync(i));
      }
    }
    assert.ok(copies > 0);
    await assert.rejects(
      loadOnDevice(device, whole, {}, 1024),
      (error) => error instanceof FewbitError && error.code === "limit_exceeded",
    );
    gpu.destroy();
  },
});

Deno.test({
  name: "webgpu: two instances on one device, each with weights of its own",
  ...GPU_TEST,
  fn: async () => {
    const device = await ownDevice();
    const [image, text] = [await modelFile("vit-fashion-mnist"), await modelFile("stories260k")];
    using first = await loadWebGpu(image, { device });
    using wasm = await loadWasm(image);
    const expected = await wasm.run({ pixels: PIXELS });
    const other = await loadWebGpu(text, { device });
    assert.deepEqual(await first.run({ pixels: PIXELS }), expected);
    other[Symbol.dispose]();
    assert.deepEqual(await first.run({ pixels: PIXELS }), expected);
    device.destroy();
  },
});

Deno.test({
  name: "webgpu: buffers that bytes come back in are used again",
  ...GPU_TEST,
  fn: async () => {
    const device = await ownDevice();
    const create = device.createBuffer.bind(device);
    let staged = 0;
    device.createBuffer = (descriptor) => {
      if ((descriptor.usage & GPUBufferUsage.MAP_READ) !== 0) staged++;
      return create(descriptor);
    };
    using first = await loadWebGpu(await modelFile("vit-fashion-mnist"), { device });
    using second = first.fork();
    const { logits: { data: expected } } = await first.run({ pixels: PIXELS });
    await assert.doesNotReject(async () => {
      for (let i = 0; i < 10; i++) {
        // Two instances at a time have two.
        const results = await Promise.all(
          [first, second].map((each) => each.run({ pixels: PIXELS })),
        );
        for (const { logits: { data } } of results) assert.deepEqual(data, expected);
      }
    });
    assert.ok(staged <= 2, `${staged} buffers`);
    device.destroy();
  },
});

Deno.test({
  name: "webgpu: native float32 stays within its bound",
  ...GPU_TEST,
  fn: async () => {
    const [rows, K, N] = [7, 260, 19];
    const graph = new Graph();
    const x = graph.input("x", "f32", [rows, K]);
    const weights = noise(N * K, 1);
    const weight = graph.constant("weight", { dtype: "f32", shape: [N, K], data: weights });
    graph.output("y", graph.apply(linear, { x, weight }));
    const file = await encodeProgram(compile(graph));
    const given = noise(rows * K, 2);
    using fast = await loadWebGpu(file, { precision: "fast" });
    const { y } = await fast.run({ x: given });
    for (let row = 0; row < rows; row++) {
      for (let n = 0; n < N; n++) {
        let [sum, size] = [0, 0];
        for (let k = 0; k < K; k++) {
          const product = given[row * K + k] * weights[n * K + k];
          sum += product;
          size += Math.abs(product);
        }
        const bound = (K + 4) * 2 ** -23 * size + K * 2 ** -126;
        const error = Math.abs((y.data[row * N + n] as number) - sum);
        assert.ok(error <= bound, `${row}, ${n}: ${error} > ${bound}`);
      }
    }
  },
});

Deno.test({
  name: "webgpu: native attention stays near the exact one",
  ...GPU_TEST,
  fn: async () => {
    const builder = new ProgramBuilder();
    const [batch, tokens, channels, heads] = [2, 21, 24, 3];
    const extents = [batch, tokens, channels].map((extent) => builder.expression(extent));
    const [one, zero] = [1, 0].map((extent) => builder.expression(extent));
    const tensor = (name: string, of: number[]): number => {
      const region = name === "y" ? "output" : "input";
      const index = builder.tensor({ name, region, dtype: "f32", layout: "rows", extents: of });
      return builder.view(index, of, of.at(-1)!, zero);
    };
    const [q, k, v, y] = ["q", "k", "v", "y"].map((name) => tensor(name, extents));
    const operands = { q, k, v, scale: tensor("scale", [one]), y };
    builder.instruction("attention_f32", operands, { heads, precision: 1 });
    builder.entry("main");
    const file = await encodeProgram(builder.finish());
    const [queries, keys, values] = [3, 4, 5].map((i) => noise(batch * tokens * channels, i));
    const inputs = { q: queries, k: keys, v: values, scale: Float32Array.of(0.35) };
    using reference = await loadReference(file);
    using fast = await loadWebGpu(file, { precision: "fast" });
    const [given, exact] = [await fast.run(inputs), reference.runSync(inputs)];
    for (let row = 0; row < batch * tokens; row++) {
      const at = row * channels;
      const [own, other] = [exact, given].map(({ y }) =>
        (y.data as Float32Array).subarray(at, at + channels)
      );
      const most = own.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      own.forEach((value, c) => assert.ok(Math.abs(other[c] - value) <= 1e-5 * most));
    }
  },
});

Deno.test({
  name: "webgpu: 70,000 rows, more than one axis of a dispatch has workgroups",
  ...GPU_TEST,
  fn: async () => {
    const rows = 70_000;
    const builder = new ProgramBuilder();
    const [many, columns, zero] = [rows, 3, 0].map((extent) => builder.expression(extent));
    const [x, y] = (["input", "output"] as const).map((region) =>
      builder.tensor({
        name: region === "input" ? "x" : "y",
        region,
        dtype: "f32",
        layout: "rows",
        extents: [many, columns],
      })
    );
    const view = (tensor: number): number => builder.view(tensor, [many, columns], columns, zero);
    builder.instruction("softmax_f32", { x: view(x), y: view(y) }, {});
    builder.entry("main");
    const file = await encodeProgram(builder.finish());
    using gpu = await loadWebGpu(file);
    using wasm = await loadWasm(file);
    const given = { x: noise(3 * rows, 6) };
    assert.deepEqual(await gpu.run(given), await wasm.run(given));
  },
});

Deno.test({
  name: "webgpu: the product of bytes without the host's instruction is the same",
  ...GPU_TEST,
  fn: async () => {
    const count = 1 << 14;
    const words = Uint32Array.from(
      { length: WORDS * count },
      (_, i) => i % 5 === 0 ? 0x80808080 : randomWord(8, 19, 0, i),
    );
    for (const isPacked of [true, false]) {
      const got = await runWords("u32(dot4(a, b))", words, dotProduct(isPacked));
      for (let i = 0; i < count; i++) {
        const bytes = new Int8Array(words.buffer, 4 * WORDS * i, 8);
        let sum = 0;
        for (let j = 0; j < 4; j++) sum += bytes[j] * bytes[4 + j];
        assert.equal(got[i] | 0, sum, `${isPacked}, ${i}`);
      }
    }
  },
});

Deno.test({
  name: "webgpu: a shader that is wrong is named with its line",
  ...GPU_TEST,
  fn: async () => {
    const device = await ownDevice();
    const code = "@compute @workgroup_size(1)\nfn main() {\n  let x: u32 = 1.5;\n}";
    await assert.rejects(
      Pipelines.of(device).get(code, "lookup"),
      (error) =>
        error instanceof FewbitError && error.code === "internal" &&
        /Cannot compile the shader of lookup, line 3/.test(error.message),
    );
    device.destroy();
  },
});

Deno.test({
  name: "webgpu: 2,000 runs, and as many read-backs, do not grow",
  ...GPU_TEST,
  fn: async () => {
    // In a process of its own: the memory of this one is that of other tests, too.
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--v8-flags=--expose-gc", new URL("_many_runs.ts", import.meta.url).href],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const { heap, all } = JSON.parse(new TextDecoder().decode(stdout));
    console.log(`grown by ${heap} bytes of the heap, ${(all / 2 ** 20).toFixed(1)} MiB in all`);
    // A promise that is kept takes some hundred bytes a run, a staging buffer 65,536.
    assert.ok(heap < 2000 * 100, `${heap} bytes`);
    assert.ok(all < 2000 * 8192, `${all} bytes`);
  },
});
