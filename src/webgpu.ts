/**
 * Programs on a GPU, with the bits of all other engines: WGSL's integers have no freedom, and floating-point numbers are
 * computed in them. Importing this touches nothing of the GPU.
 *
 * @example
 * ```ts
 * import { load } from "@fewbit/fewbit/webgpu";
 *
 * const instance = await load(await fetch("https://example.com/model.fewbit"));
 * const { logits } = await instance.run({ pixels: new Uint8Array(28 * 28) });
 * console.log(instance.adapterInfo?.description, logits.shape);
 * ```
 *
 * @module
 */
export { loadWebGpu as load } from "./engines/webgpu/load.ts";
export type {
  AdapterInfo,
  ChainedRun,
  DeviceOptions,
  GpuInstance,
  WebGpuLoadOptions,
} from "./engines/webgpu/gpu_instance.ts";
export { decodeHead, decodeHeader } from "./program/decode.ts";
export type { DecodedHead, Segment } from "./program/decode.ts";
export { expectTensor } from "./engines/expect_tensor.ts";
export { FewbitError } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { readParts } from "./engines/parts.ts";
export type { FilePart, PartsIndex, ReadPartsOptions } from "./engines/parts.ts";
export type { ProgramPart, ProgramSource } from "./engines/wasm/load.ts";
export type {
  DotForm,
  Inputs,
  Instance,
  LoadOptions,
  Outputs,
  RunOptions,
  StateSnapshot,
  SyncRunOptions,
} from "./engines/engine.ts";
export { DTYPES } from "./tensor.ts";
export type { DType, DTypeData, Tensor, TensorData } from "./tensor.ts";
export { CHECKS } from "./instructions/codes.ts";
export { LAYOUTS } from "./layouts/mod.ts";
export type { Check } from "./instructions/codes.ts";
export type { Layout } from "./layouts/mod.ts";
export type * from "./program/program.ts";
