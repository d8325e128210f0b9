/** What the memory of a trainer is for, as a table. */
import { formatBytes } from "../format_bytes.ts";
import { MEMORY_KINDS } from "../training/training_memory.ts";
import type { MemoryKind, TrainingMemory } from "../training/training_memory.ts";

const TITLES: Readonly<Record<MemoryKind, string>> = {
  parameters: "parameters",
  masters: "masters: of parameters what 16 bits do not hold",
  optimizer: "state of the optimiser",
  averages: "moving averages of parameters",
  statistics: "running statistics, counters",
  gradients: "gradients of parameters",
  stash: "stash: activations that gradients are computed from",
  working: "other values of the arena, in its fullest moment",
  gaps: "gaps in the arena, alignment",
  borders: "inputs, outputs, constants",
  kernels: "panels and float32 copies of kernels",
  initial: "first values of parameters and states",
  program: "the program",
};

/** Rows of what takes most, then what is computed again and what that costs. */
export function memoryTable({ kinds, recomputed, cost }: TrainingMemory): string[] {
  const rows = MEMORY_KINDS.filter((kind) => kinds[kind] > 0).sort((a, b) => kinds[b] - kinds[a])
    .map((kind) => `${formatBytes(kinds[kind]).padStart(10)}  ${TITLES[kind]}`);
  if (recomputed.length === 0) return rows;
  const ops = recomputed.toSorted((a, b) => b.bytes - a.bytes)
    .map(({ op, times, bytes }) => `${times} ${op} (${formatBytes(bytes)})`);
  const share = (100 * cost).toFixed(cost < 0.1 ? 1 : 0);
  return [...rows, `computed again: ${ops.join(", ")}; about ${share} % more work a step`];
}
