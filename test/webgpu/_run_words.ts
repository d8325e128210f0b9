/** Runs WGSL over words: `out[i] = f(in[3·i], in[3·i + 1], in[3·i + 2])`. */
import { FLOATS } from "../../src/engines/webgpu/wgsl/float32.ts";
import { INTEGERS } from "../../src/engines/webgpu/wgsl/integer.ts";

/** Words of an operand triple. */
export const WORDS = 3;

/**
 * The results of an expression in `a`, `b` and `c` for every triple.
 *
 * @param functions WGSL that it needs beside that of the shaders.
 */
export async function runWords(
  expression: string,
  words: Uint32Array<ArrayBuffer>,
  functions = "",
): Promise<Uint32Array> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  const count = words.length / WORDS;
  const code = `@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;
${INTEGERS}${FLOATS}${functions}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= ${count}u) { return; }
  let a = given[${WORDS}u * i];
  let b = given[${WORDS}u * i + 1u];
  let c = given[${WORDS}u * i + 2u];
  results[i] = ${expression};
}`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "main" },
  });
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const given = device.createBuffer({ size: words.byteLength, usage: STORAGE | COPY_DST });
  const results = device.createBuffer({ size: 4 * count, usage: STORAGE | COPY_SRC });
  const staging = device.createBuffer({ size: 4 * count, usage: COPY_DST | MAP_READ });
  device.queue.writeBuffer(given, 0, words);
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: { buffer: given } },
      { binding: 1, resource: { buffer: results } },
    ],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  encoder.copyBufferToBuffer(results, 0, staging, 0, 4 * count);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const out = new Uint32Array(staging.getMappedRange().slice(0));
  device.destroy();
  return out;
}
