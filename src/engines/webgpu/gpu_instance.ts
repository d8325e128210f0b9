/** What callers see of an instance on a GPU. Nothing here needs the types of WebGPU, which not every host's libraries have. */
import type { Inputs, Instance, LoadOptions, Outputs, SyncRunOptions } from "../engine.ts";

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

/** One of several runs that are submitted together. */
export interface ChainedRun extends SyncRunOptions {
  /** Inputs that are known. */
  readonly inputs: Inputs;
  /** Other inputs, by name, and outputs of the run before this one that they are, of as many bytes. */
  readonly from?: Readonly<Record<string, string>>;
  /** How many elements those inputs have. Default: one each. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Outputs that are read back. Default: all. */
  readonly wanted?: readonly string[];
}

/** An instance on a GPU. */
export interface GpuInstance extends Instance {
  /** Name of the engine. */
  readonly engine: "webgpu";
  /** What the adapter says of itself; absent for a device of the caller's own. */
  readonly adapterInfo: AdapterInfo | undefined;
  /**
   * Runs one after the other without a read-back between them, which takes longer than a small run. Values that come from
   * an output are not checked; shaders read nothing outside of their buffers.
   *
   * @returns The outputs of each run.
   * @throws {FewbitError} As `run`, before anything is run; `invalid_argument` where an output does not fit its input.
   */
  runChain(runs: readonly ChainedRun[]): Promise<Outputs[]>;
  /**
   * After the GPU was lost: loads the program again, on a device that is asked for anew or the one that is given. Parameters
   * are those of the file; the state of each session is that of its last `saveState`, or of the last one of all.
   */
  reload(options?: DeviceOptions): Promise<void>;
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

/** Options of `load` on a GPU. */
export interface WebGpuLoadOptions extends Omit<LoadOptions, "dot">, DeviceOptions {
  /**
   * `fast` lets the GPU compute sums of products in float32 (linear layers, attention) as it likes: other bits on other GPUs.
   * Of a linear layer each result is within `(K + 4)·2^-23·Σ|x·w| + K·2^-126` of the sum. Default: the bits of all engines.
   */
  readonly precision?: "deterministic" | "fast";
  /** Called with the shaders compiled so far and in all. */
  readonly onCompiled?: (done: number, total: number) => void;
}
