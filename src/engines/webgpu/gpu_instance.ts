/** What callers see of an instance on a GPU. Nothing here needs the types of WebGPU, which not every host's libraries have. */
import type { Instance } from "../engine.ts";

/** What an adapter says of itself; hosts leave out what they do not tell. */
export interface AdapterInfo {
  /** Who made it, in lower case. */
  readonly vendor: string;
  /** Its family. */
  readonly architecture: string;
  /** A number of the vendor's. */
  readonly device: string;
  /** Its name, for people. */
  readonly description: string;
}

/** An instance on a GPU. */
export interface GpuInstance extends Instance {
  /** Name of the engine. */
  readonly engine: "webgpu";
  /** What the adapter says of itself; absent for a device of the caller's own. */
  readonly adapterInfo: AdapterInfo | undefined;
  /** An instance on the same GPU with the same constants and copies of parameters and state. */
  fork(): GpuInstance;
}

/** Which GPU is asked for. */
export interface DeviceOptions {
  /** A `GPUDevice` of the caller's own, which stays its. Default: one that all instances share. */
  readonly device?: object;
  /** Of hosts with several adapters. */
  readonly powerPreference?: "low-power" | "high-performance";
}
