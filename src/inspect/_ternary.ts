import { formatBytes } from "../format_bytes.ts";
import { formatCount } from "./_format.ts";
import type { ProgramSummary } from "./summary.ts";

/**
 * How much room ternary weights take: 1.6 bits each in the file, 2 in memory, and what alignment adds;
 * `undefined` where there are none.
 */
export function ternaryFact({ tensors }: ProgramSummary): string | undefined {
  let [count, weights, stored, resident] = [0, 0, 0, 0];
  for (const { shape, bytes, storedBytes } of tensors) {
    if (storedBytes === undefined) continue;
    count++;
    weights += shape.reduce((product, extent) => product * Number(extent), 1);
    stored += storedBytes;
    resident += bytes;
  }
  if (count === 0) return undefined;
  const size = (bytes: number): string =>
    `${formatBytes(bytes)} (${(8 * bytes / weights).toFixed(2)} bits each)`;
  return `${formatCount(weights)} weights in ${count} ${count === 1 ? "tensor" : "tensors"}, ` +
    `${size(stored)} in the file, ${size(resident)} in memory`;
}
