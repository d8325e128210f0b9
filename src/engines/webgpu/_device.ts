/** The GPU: an adapter's device, its limits, and what becomes of it. */
import { FewbitError } from "../../errors.ts";
import { StagingRing } from "./_staging.ts";
import type { DeviceOptions } from "./gpu_instance.ts";

/** A device that instances share, and why it is of no use any more. */
export class Device {
  /** Why nothing that it computes counts any more. */
  #failure: FewbitError | undefined;
  /** Who waits for something of the device. A promise that lives as long as it would keep all that ever waited. */
  readonly #waiting = new Set<(error: FewbitError) => void>();

  /** Buffers that bytes come back in. */
  readonly staging: StagingRing;

  constructor(
    readonly gpu: GPUDevice,
    /** What the adapter says of itself. */
    readonly adapterInfo: GPUAdapterInfo | undefined,
  ) {
    this.staging = new StagingRing(gpu);
    const fail = (reason: string, cause: unknown): void => {
      this.#failure ??= new FewbitError("device_lost", `The GPU is lost: ${reason}`, { cause });
      for (const reject of this.#waiting) reject(this.#failure);
      this.#waiting.clear();
    };
    gpu.lost.then(({ reason, message }) => fail(message || reason, { reason, message }));
    // Results are wrong from then on; silence would be worse.
    gpu.addEventListener(
      "uncapturederror",
      (event) => fail((event as GPUUncapturedErrorEvent).error.message, event),
    );
  }

  /** Most bytes of a buffer that shaders see. */
  get bindingBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Whether it is of no use any more. */
  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws once the device is of no use: calls on a lost one do not throw by themselves. */
  assertUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for something of the device, which may never come where that is lost. */
  async until(promise: Promise<unknown>): Promise<void> {
    this.assertUsable();
    let fail: ((error: FewbitError) => void) | undefined;
    const failure = new Promise<never>((_, reject) => this.#waiting.add(fail = reject));
    try {
      await Promise.race([promise, failure]);
    } finally {
      this.#waiting.delete(fail!);
    }
  }

  /**
   * Does something that may need more memory than there is.
   *
   * @throws {FewbitError} `limit_exceeded`.
   */
  async allocating<T>(what: string, make: () => T, undo: (made: T) => void): Promise<T> {
    this.gpu.pushErrorScope("validation");
    this.gpu.pushErrorScope("out-of-memory");
    const made = make();
    const errors = [await this.gpu.popErrorScope(), await this.gpu.popErrorScope()];
    this.assertUsable();
    const error = errors.find((one) => one !== null);
    if (error === undefined) return made;
    undo(made);
    throw new FewbitError(
      "limit_exceeded",
      `Cannot allocate ${what} on the GPU: ${error!.message}`,
    );
  }
}

/** Devices by power preference, and those of callers. */
const shared = new Map<string, Promise<Device>>();
const known = new WeakMap<GPUDevice, Device>();

/**
 * The device of a caller, or the one that all instances share.
 *
 * @throws {FewbitError} `unsupported` where the host has no adapter.
 */
export async function openDevice(
  { device: given, powerPreference }: DeviceOptions,
): Promise<Device> {
  if (given !== undefined) {
    const device = given as GPUDevice;
    const found = known.get(device) ?? new Device(device, undefined);
    known.set(device, found);
    return found;
  }
  const key = powerPreference ?? "";
  const found = shared.get(key);
  if (found !== undefined && !(await found).isLost) return await found;
  const open = requestDevice(powerPreference);
  shared.set(key, open);
  open.catch(() => shared.get(key) === open && shared.delete(key));
  return await open;
}

async function requestDevice(powerPreference: GPUPowerPreference | undefined): Promise<Device> {
  const { gpu } = navigator;
  const adapter = await gpu?.requestAdapter(powerPreference && { powerPreference });
  if (!adapter) {
    const why = gpu === undefined ? "this host has no WebGPU" : "there is no adapter";
    throw new FewbitError("unsupported", `Cannot use a GPU: ${why}`);
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  return new Device(device, adapter.info);
}
