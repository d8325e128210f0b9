import assert from "node:assert/strict";
import { readCases } from "./_checkpoint_cases.ts";
import type { CheckpointCase } from "./_checkpoint_cases.ts";
import { runVision } from "./_vision_case.ts";

const CASES = await readCases<Readonly<Record<string, CheckpointCase>>>(
  new URL("../vectors/checkpoints/vision.json.gz", import.meta.url),
);

Deno.test(`vision: ${Object.keys(CASES).length} folders of timm and transformers are as those compute, or refused by name`, async () => {
  for (const [name, item] of Object.entries(CASES)) {
    const { refused, error = NaN, loss = NaN } = await runVision(item);
    if (item.expect === "logits") {
      assert.ok(error < 1e-3, `${name}: logits are ${error} off${refused ? `: ${refused}` : ""}`);
      assert.ok(loss < 0.4, `${name}: integers are ${loss} off`);
    } else {
      assert.ok(refused !== undefined, `${name} is not refused`);
      assert.ok(refused.message.includes(item.expect!), `${name}: ${refused.message}`);
    }
  }
});
