/** What a site may be: a method that says something else would get codes of another grid, unnoticed. */
import { FewbitError } from "../errors.ts";
import type { Value } from "../graph/graph.ts";
import { largestCode } from "../numeric/grid.ts";
import type { Site } from "./sites.ts";

const BITS: readonly number[] = [8, 12, 16];

/** Throws `invalid_argument` unless a site is a grid for the channels of a value. */
export function checkSite(site: Site, { shape }: Value): void {
  const { name, bits, zeroPoint, divisors, range } = site;
  const fail = (why: string): never => {
    throw new FewbitError("invalid_argument", `Cannot put "${name}" on its grid: ${why}`);
  };
  if (!BITS.includes(bits)) fail(`${String(bits)} bits, expected 8, 12 or 16`);
  if (range !== undefined) {
    const [low, high] = range;
    const isRange = Number.isFinite(low) && Number.isFinite(high) && low < high;
    if (!isRange) fail(`its range is ${low} to ${high}`);
  }
  if (zeroPoint !== undefined) {
    const most = largestCode(bits);
    const isCode = Number.isInteger(zeroPoint) && zeroPoint >= -most - 1 && zeroPoint <= most;
    if (!isCode) fail(`the code of 0 is ${zeroPoint}, expected an integer of ${bits} bits`);
    // Observers see how large values are, not where they begin.
    if (range === undefined) return fail("it has a zero point and no range");
    const [low, high] = range;
    const zero = -most - 1 - low * (2 ** bits - 1) / (high - low);
    if (Math.abs(zero - zeroPoint) > 1) {
      fail(`0 is code ${Math.round(zero)} of ${low} to ${high}, and the code of 0 is ${zeroPoint}`);
    }
  }
  if (divisors !== undefined) {
    const channels = shape[shape.length - 1];
    if (divisors.length !== channels) fail(`${divisors.length} divisors for ${channels} channels`);
    const bad = divisors.findIndex((divisor) => !(divisor > 0 && divisor < Infinity));
    if (bad >= 0) fail(`the divisor of channel ${bad} is ${divisors[bad]}`);
  }
}

/** Throws `invalid_argument` where a name that is taken stands for other values or another grid. */
export function checkSameSite(
  site: Site,
  value: Value,
  taken: { readonly site: Site; readonly value: Value } | undefined,
): void {
  if (taken === undefined) return;
  if (taken.value === value && gridOf(taken.site) === gridOf(site)) return;
  throw new FewbitError("invalid_argument", `Cannot name two grids "${site.name}"`);
}

function gridOf({ bits, zeroPoint, divisors, range }: Site): string {
  return JSON.stringify([bits, zeroPoint, divisors && [...divisors], range]);
}
