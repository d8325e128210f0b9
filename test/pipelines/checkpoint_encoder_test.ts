import assert from "node:assert/strict";
import { readCases } from "./_checkpoint_cases.ts";
import { runEncoder } from "./_encoder_case.ts";
import type { EncoderCases } from "./_encoder_case.ts";

const { texts, cases } = await readCases<EncoderCases>(
  new URL("../vectors/checkpoints/encoders.json.gz", import.meta.url),
);

Deno.test(`encoders: ${Object.keys(cases).length} folders of sentence-transformers are as it computes, or refused by name`, async () => {
  for (const [name, item] of Object.entries(cases)) {
    const { refused, error = NaN, cosine = NaN, length = NaN, similarity = NaN } = await runEncoder(
      item,
      texts,
    );
    if (item.expect === "rows") {
      assert.ok(error < 1e-3, `${name}: rows are ${error} off${refused ? `: ${refused}` : ""}`);
      assert.ok(cosine > 0.98, `${name}: integers have a cosine of ${cosine}`);
      assert.ok(length < 0.05, `${name}: integers are ${length} longer`);
      assert.ok(similarity < 1e-4, `${name}: the similarity is ${similarity} off`);
    } else {
      assert.ok(refused !== undefined, `${name} is not refused`);
      assert.ok(refused.message.includes(item.expect!), `${name}: ${refused.message}`);
    }
  }
});
