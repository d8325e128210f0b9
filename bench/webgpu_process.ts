/** Counts what one model compiles, dispatches and copies on the GPU that the environment names: `webgpu.ts` starts it. */
import { load } from "../src/webgpu.ts";
import type { Inputs } from "../src/engines/engine.ts";
import { IDS } from "../test/hosts/ids.ts";
import type { GpuCounts } from "./webgpu.ts";

const [kind, file, input] = Deno.args;
const counts = { pipelines: 0, wgslBytes: 0, dispatches: 0, bytesUp: 0, bytesDown: 0 };
const kernels: Record<string, number> = {};

const { createShaderModule, createComputePipelineAsync } = GPUDevice.prototype;
GPUDevice.prototype.createShaderModule = function (descriptor) {
  counts.wgslBytes += new TextEncoder().encode(descriptor.code).length;
  return createShaderModule.call(this, descriptor);
};
// One after another, so that a time is that of one shader.
let turn: Promise<unknown> = Promise.resolve();
GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
  counts.pipelines++;
  const compiled = turn.then(async () => {
    const start = performance.now();
    const pipeline = await createComputePipelineAsync.call(this, descriptor);
    const name = descriptor.label!;
    kernels[name] = Math.max(kernels[name] ?? 0, performance.now() - start);
    return pipeline;
  });
  turn = compiled;
  return compiled;
};
const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...groups) {
  counts.dispatches++;
  dispatchWorkgroups.call(this, ...groups);
};
const { writeBuffer } = GPUQueue.prototype;
GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...range) {
  counts.bytesUp += data.byteLength;
  writeBuffer.call(this, buffer, offset, data, ...range);
};
const { getMappedRange } = GPUBuffer.prototype;
GPUBuffer.prototype.getMappedRange = function (...range) {
  const mapped = getMappedRange.call(this, ...range);
  counts.bytesDown += mapped.byteLength;
  return mapped;
};

const model = await Deno.readFile(file);
const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const start = performance.now();
  return [await work(), performance.now() - start];
};
const symbols: Record<string, number> = kind === "logits"
  ? {}
  : { max_tokens: kind === "sums" ? IDS.length : 1 };
const [instance, cold] = await timed(() => load(model, { symbols }));
const [second, warm] = await timed(() => load(model, { symbols }));
second[Symbol.dispose]();
const one = Int32Array.of(0);
const tokens: Inputs = {
  ids: Int32Array.of(403),
  offsets: Int32Array.of(0, 1),
  slot: one,
  past: Int32Array.of((instance.program.metadata.prefix as unknown[] | undefined)?.length ?? 0),
  rows: one,
};
const inputs: Inputs = kind === "logits"
  ? { pixels: await Deno.readFile(input) }
  : kind === "sums"
  ? { ids: Int32Array.from(IDS), offsets: Int32Array.of(0, IDS.length) }
  : tokens;
const { pipelines, wgslBytes } = counts;
Object.assign(counts, { bytesUp: 0, bytesDown: 0, dispatches: 0 });
await instance.run(inputs);
const result: GpuCounts = {
  adapter: instance.adapterInfo?.description ?? "",
  pipelines,
  wgslBytes,
  dispatches: counts.dispatches,
  bytesUp: counts.bytesUp,
  bytesDown: counts.bytesDown,
  coldMilliseconds: cold,
  secondMilliseconds: warm,
  kernels,
};
console.log(JSON.stringify(result));
