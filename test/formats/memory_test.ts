/** A small file cannot ask for much memory: what it takes is bounded, whatever stands in it. */
import assert from "node:assert/strict";
import { peakMemory } from "../_peak_memory.ts";
import { CASES } from "./_memory_cases.ts";

Deno.test(`formats: ${CASES.length} files of 2 to 36 MB that would take hundreds of megabytes are refused`, async () => {
  const peak = await peakMemory(new URL("_memory_cases.ts", import.meta.url));
  assert.ok(peak < 800e6, `${peak} bytes`);
});
