/** What models cost beside float32, window after window. */
import type { LogitComparison } from "../../src/quantize/compare_logits.ts";

/** So many of a list, in an order of which every beginning is spread over all of it. */
export function spread<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, w) => w)
    .sort((a, b) => reversed(a) - reversed(b))
    .map((w) => list[Math.floor(w * list.length / count)]);
}

/** The bits of a number from the last to the first, as a part of 1. */
function reversed(n: number): number {
  let part = 0;
  for (let place = 0.5; n > 0; n >>= 1, place /= 2) part += (n & 1) * place;
  return part;
}

/** Means of models over the windows so far. */
export class CostTable {
  readonly #seen: LogitComparison[][];
  readonly #start = performance.now();

  constructor(private readonly names: readonly string[], private readonly windows: number) {
    this.#seen = names.map(() => []);
  }

  /** Takes what each model costs on one more window. */
  add(costs: readonly LogitComparison[]): void {
    costs.forEach((cost, i) => this.#seen[i].push(cost));
  }

  print(): void {
    const [first] = this.#seen;
    const floatLoss = meanOf(first.map((cost) => cost.floatLoss));
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(0);
    console.log(
      `${first.length} of ${this.windows} windows, float32 ${Math.exp(floatLoss).toFixed(3)}, ` +
        `${seconds} s`,
    );
    this.names.forEach((name, i) => {
      const excess = this.#seen[i].map((cost) => cost.loss - cost.floatLoss);
      const divergence = this.#seen[i].map((cost) => cost.divergence);
      const ratio = Math.exp(meanOf(excess));
      console.log(
        `  ${name}: ${(Math.exp(floatLoss) * ratio).toFixed(3)}, ` +
          `+${(100 * (ratio - 1)).toFixed(2)} ± ${(100 * ratio * errorOf(excess)).toFixed(2)} %, ` +
          `KL ${meanOf(divergence).toFixed(4)} ± ${errorOf(divergence).toFixed(4)}`,
      );
    });
  }
}

function meanOf(list: readonly number[]): number {
  return list.reduce((a, b) => a + b, 0) / list.length;
}

/** The standard error of a mean. */
function errorOf(list: readonly number[]): number {
  const mean = meanOf(list);
  const squares = list.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, list.length - 1) / list.length);
}
