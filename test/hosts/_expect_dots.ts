/** What hosts say of their dot product. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { MODEL, pixels } from "./_picture.ts";

/** What `dotsOf` gives. */
export interface Dots {
  readonly dot: string;
  readonly logits: readonly (readonly number[])[];
}

/** Prints a host's answer; its logits have to be those of plain SIMD here. */
export async function expectDots(host: string, { dot, logits }: Dots): Promise<void> {
  console.log(dot === "none" ? `${host}: no relaxed SIMD` : `${host}: dot ${dot}`);
  assert.ok(["none", "seven", "signed", "unsigned"].includes(dot), dot);
  using instance = await load(Deno.readFileSync(MODEL), { engine: "wasm-simd" });
  const expected = Array.from(
    instance.runSync({ pixels: pixels() }).logits.data as Float32Array,
  );
  assert.ok(logits.length > 0);
  for (const one of logits) assert.deepEqual(one, expected);
}
