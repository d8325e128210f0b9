/** What a site may be: a method that says something else would get codes of another grid, unnoticed. */
import { FewbitError } from "../errors.ts";
import type { Value } from "../graph/graph.ts";
import { largestCode } from "../numeric/grid.ts";
import type { Site } from "./sites.ts";

const BITS: readonly number[] = [8, 12, 14, 16];

/** A site with the value that is put on it. */
interface Placed {
  readonly site: Site;
  readonly value: Value;
}

/**
 * Throws `invalid_argument` unless each site is a grid for the channels of its value, and names stand for
 * one grid of one value.
 */
export function checkSites(placed: readonly Placed[]): void {
  const named = new Map<string, Placed>();
  for (const { site, value } of placed) {
    checkSite(site, value);
    const taken = named.get(site.name) ?? { site, value };
    if (taken.value !== value || gridOf(taken.site) !== gridOf(site)) {
      throw new FewbitError("invalid_argument", `Cannot name two grids "${site.name}"`);
    }
    named.set(site.name, taken);
  }
}

function checkSite(site: Site, { shape }: Value): void {
  const { name, bits, zeroPoint, divisors, range } = site;
  const fail = (why: string): never => {
    throw new FewbitError("invalid_argument", `Cannot put "${name}" on its grid: ${why}`);
  };
  if (!BITS.includes(bits)) fail(`${String(bits)} bits, expected 8, 12, 14 or 16`);
  if (range !== undefined) {
    const [low, high] = range;
    const isRange = Number.isFinite(low) && Number.isFinite(high) && low < high;
    if (!isRange) fail(`its range is ${low} to ${high}`);
  }
  if (divisors !== undefined) {
    const channels = shape[shape.length - 1];
    if (divisors.length !== channels) fail(`${divisors.length} divisors for ${channels} channels`);
    const bad = divisors.findIndex((divisor) => !(divisor > 0 && divisor < Infinity));
    if (bad >= 0) fail(`the divisor of channel ${bad} is ${divisors[bad]}`);
  }
  if (zeroPoint !== undefined) {
    const most = largestCode(bits);
    const isCode = Number.isInteger(zeroPoint) && zeroPoint >= -most - 1 && zeroPoint <= most;
    if (!isCode) fail(`the code of 0 is ${zeroPoint}, expected an integer of ${bits} bits`);
    if (range === undefined) return;
    const [low, high] = range;
    const zero = -most - 1 - low * (2 ** bits - 1) / (high - low);
    if (Math.abs(zero - zeroPoint) > 1) {
      fail(`0 is code ${Math.round(zero)} of ${low} to ${high}, and the code of 0 is ${zeroPoint}`);
    }
  }
}

function gridOf({ bits, zeroPoint, divisors, range }: Site): string {
  return JSON.stringify([bits, zeroPoint, divisors && [...divisors], range]);
}
