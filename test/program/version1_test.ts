/** A file of version 1, kept for ever: whatever changes, it loads and gives the same bits. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { load } from "../../src/engines/load.ts";

const FILE = new URL("../vectors/version1.fewbit", import.meta.url);
const LOGITS_SHA256 = "06785ce38d0078359b531844d72265615e4cd92040c2c0ecb5e289b5927c7415";

for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
  Deno.test(`program: a file of version 1 runs on ${engine}`, async () => {
    using instance = await load(await Deno.readFile(FILE), { engine });
    const pixels = Uint8Array.from(
      { length: 32 * 32 * 3 },
      (_, i) => Math.imul(i, 2654435761) >>> 24,
    );
    const { logits } = await instance.run({ pixels });
    assert.deepEqual(logits.shape, [1, 5]);
    const bytes = new Uint8Array(logits.data.buffer);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), LOGITS_SHA256);
  });
}
