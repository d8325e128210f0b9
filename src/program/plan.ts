/**
 * Where each tensor lies. The loader plans, not the compiler: sizes depend on load-time symbols, so
 * that who asks for a batch of one pays for one, and memory that is live at the same time cannot
 * overlap whatever a file says. `asm/plan.ts` does the same and is tested to agree.
 */
import { layoutBytes } from "../layouts/mod.ts";
import { TENSOR_ALIGNMENT } from "./format.ts";
import { REGIONS } from "./program.ts";
import type { Program, Region } from "./program.ts";
import type { Range } from "./expression.ts";

/** Regions begin at a multiple of this. */
export const REGION_ALIGNMENT = 256;
/** Bytes after the last tensor of a region that kernels may read, never write. */
export const GUARD_BYTES = 64;

/** The outcome of planning. */
export interface MemoryPlan {
  /** Offset of every tensor in its region. */
  readonly offsets: Float64Array;
  /** Bytes of every tensor at the largest extents. */
  readonly bytes: Float64Array;
  /** Bytes of every region, with guard. */
  readonly regionBytes: Readonly<Record<Region, number>>;
}

/** First and last instruction that touch each tensor; −1 where none does. */
export interface Liveness {
  readonly first: Int32Array;
  readonly last: Int32Array;
}

/** Plans the memory of a verified program. */
export function planMemory(
  program: Program,
  ranges: readonly Range[],
  liveness: Liveness,
): MemoryPlan {
  const { tensors } = program;
  const offsets = new Float64Array(tensors.length);
  const bytes = new Float64Array(tensors.length);
  const ends: Record<Region, number> = {
    constant: 0,
    parameter: 0,
    state: 0,
    arena: 0,
    input: 0,
    output: 0,
  };
  tensors.forEach((tensor, i) => {
    bytes[i] = layoutBytes(tensor.layout, tensor.dtype, tensor.extents.map((e) => ranges[e].max));
  });
  // Raw bytes lie as in the file; behind them, what is decoded, then what is zero at first.
  for (const encoding of ["raw", "base3", "zero"] as const) {
    tensors.forEach((tensor, i) => {
      if (tensor.region === "arena" || tensor.encoding !== encoding) return;
      offsets[i] = ends[tensor.region];
      ends[tensor.region] = alignUp(offsets[i] + bytes[i], TENSOR_ALIGNMENT);
    });
  }
  ends.arena = planArena(program, bytes, liveness, offsets);
  const regionBytes = { ...ends };
  for (const region of Object.keys(REGIONS) as Region[]) {
    regionBytes[region] = alignUp(ends[region] + GUARD_BYTES, REGION_ALIGNMENT);
  }
  return { offsets, bytes, regionBytes };
}

/**
 * First fit in the order of the file (the compiler lists arena tensors by descending size): the lowest
 * offset at which a tensor overlaps none that is already placed and alive at the same time.
 */
function planArena(
  program: Program,
  bytes: Float64Array,
  { first, last }: Liveness,
  offsets: Float64Array,
): number {
  const placed: number[] = [];
  let end = 0;
  program.tensors.forEach((tensor, i) => {
    if (tensor.region !== "arena" || first[i] < 0) return;
    const size = alignUp(bytes[i], TENSOR_ALIGNMENT);
    let offset = 0;
    // `placed` ascends by offset, so one pass finds the lowest gap.
    for (const other of placed) {
      if (last[other] < first[i] || first[other] > last[i]) continue;
      if (offset + size <= offsets[other]) break;
      offset = Math.max(offset, offsets[other] + alignUp(bytes[other], TENSOR_ALIGNMENT));
    }
    offsets[i] = offset;
    let position = placed.length;
    while (position > 0 && offsets[placed[position - 1]] > offset) position--;
    placed.splice(position, 0, i);
    end = Math.max(end, offset + size);
  });
  return end;
}

/** The next multiple of a power of two. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
