/** The model that is shipped still gives the numbers that it gave before any mutant was loaded. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { SHIPPED } from "./_program_seeds.ts";

/** Makes the check. */
export async function watchShippedModel(): Promise<() => Promise<void>> {
  const file = await Deno.readFile(SHIPPED);
  const pixels = Uint8Array.from({ length: 28 * 28 }, (_, i) => i * 37 % 256);
  const hashes = async (): Promise<string[]> => {
    const result: string[] = [];
    for (const build of ["simd", "relaxed"] as const) {
      using instance = await loadWasm(file, { build });
      const { logits } = instance.runSync({ pixels });
      result.push(createHash("sha256").update(new Uint8Array(logits.data.buffer)).digest("hex"));
    }
    return result;
  };
  const before = await hashes();
  return async () => assert.deepEqual(await hashes(), before, "logits of the shipped model");
}
