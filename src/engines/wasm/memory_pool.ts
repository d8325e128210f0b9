/**
 * WebAssembly instances with their memories. A memory cannot shrink, and hosts free it late (each one
 * reserves gigabytes of address space), so that a few that are not in use are kept for the next load.
 */
import { FewbitError } from "../../errors.ts";
import type { WasmExports } from "./_exports.ts";

/** An instance of a module, with a memory of its own. */
export interface Machine {
  readonly module: WebAssembly.Module;
  readonly exports: WasmExports;
}

/** Most machines that are kept. */
const KEPT = 3;
const PAGE_BYTES = 65_536;

const kept: Machine[] = [];

/** A machine that no one else has; a kept one whose memory fits `bytes` best, or a new one. */
export function take(module: WebAssembly.Module, bytes: number): Machine {
  let best = -1;
  for (let i = 0; i < kept.length; i++) {
    if (kept[i].module !== module) continue;
    if (best < 0 || isBetter(sizeOf(kept[i]), sizeOf(kept[best]), bytes)) best = i;
  }
  if (best >= 0) return kept.splice(best, 1)[0];
  const { exports } = new WebAssembly.Instance(module);
  return { module, exports: exports as unknown as WasmExports };
}

/** The smallest that is large enough, else the largest. */
function isBetter(size: number, other: number, bytes: number): boolean {
  if (size >= bytes) return other < bytes || size < other;
  return other < bytes && size > other;
}

function sizeOf({ exports }: Machine): number {
  return exports.memory.buffer.byteLength;
}

/** Gives a machine back. What it holds is overwritten by the next load. */
export function release(machine: Machine): void {
  kept.push(machine);
  if (kept.length > KEPT) kept.shift();
}

/**
 * Makes the memory of a machine at least so large. Views of it are detached.
 *
 * @throws {FewbitError} `limit_exceeded` where the host has no such memory.
 */
export function grow({ exports: { memory } }: Machine, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch (cause) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot grow memory to ${bytes} bytes: this host has less`,
      { cause },
    );
  }
}
