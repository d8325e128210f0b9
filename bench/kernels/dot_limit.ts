/** The most that the dot product itself allows: a loop of nothing but it. */
import { compileModule } from "../../tools/asc.ts";

/** Accumulators: the instruction returns after four or five cycles and two begin in each. */
const CHAINS = 12;

const each = (text: (i: number) => string, by = "\n"): string =>
  Array.from({ length: CHAINS }, (_, i) => text(i)).join(by);

const SOURCE = `
import { dot } from "./asm/kernels/dot";
export function dots(steps: i32, seed: i32): i32 {
  const a = i32x4.splat(seed), b = i32x4.splat(seed + 1);
  ${each((i) => `let c${i} = i32x4.splat(${i});`)}
  for (; steps > 0; steps--) {
    ${each((i) => `c${i} = dot(a, b, c${i});`)}
  }
  ${each((i) => `c0 = v128.xor(c0, c${i});`)}
  return i32x4.extract_lane(c0, 0);
}
`;

/** Gives a function that does as many dot products as so many multiply-accumulates need. */
export async function dotLimit(): Promise<(macs: number) => void> {
  const wasm = await compileModule("relaxed", {
    entries: ["dot_limit.ts"],
    sources: new Map([["dot_limit.ts", SOURCE]]),
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const dots = exports.dots as (steps: number, seed: number) => number;
  return (macs) => dots(Math.round(macs / 16 / CHAINS), 1);
}
