/** One of our networks that classify images, ready to be timed. */
import { load } from "../src/engines/load.ts";
import type { SyncEngineName } from "../src/engines/load.ts";
import type { CompiledProgram } from "../src/program/program.ts";
import { hashOf } from "./hash.ts";
import { IMAGE } from "./seeded_vision.ts";
import type { GoldenProgram } from "./seeded_vision.ts";

/** Float32 logits may differ by as much; they go up to 4. */
const TOLERANCE = 1e-4;

/** Loads one of ours and makes sure that it computes what it should. */
export async function openNetwork(
  name: string,
  engine: SyncEngineName,
  given: GoldenProgram | CompiledProgram,
  expected?: Float32Array,
) {
  const golden = "logitsHash" in given;
  const instance = await load(golden ? given.program : given, { engine });
  const run = () => instance.runSync({ image: IMAGE }, { entry: "normalized" }).logits;
  const logits = run().data as Float32Array;
  if (golden && await hashOf(logits) !== given.logitsHash) {
    throw new Error(`${name}: the logits are not the golden file's`);
  }
  const difference = expected === undefined ? 0 : largestDifference(logits, expected);
  if (difference > TOLERANCE) throw new Error(`${name}: logits differ by ${difference}`);
  return { name, run, instance, difference };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
