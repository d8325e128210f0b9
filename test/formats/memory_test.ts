/** A small file cannot ask for much memory: what it takes is bounded, whatever stands in it. */
import assert from "node:assert/strict";
import { peakMemory } from "../_peak_memory.ts";
import { CASES } from "./_memory_cases.ts";

Deno.test(`formats: ${CASES.length} files of 20 to 72 MB that would become gigabytes are refused`, async () => {
  const peak = await peakMemory(new URL("_memory_cases.ts", import.meta.url));
  assert.ok(peak < 1e9, `${peak} bytes`);
});
