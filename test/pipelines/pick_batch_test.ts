/** Whose turn it is in a batch. */
import assert from "node:assert/strict";
import { pickBatch } from "../../src/pipelines/text/_pick_batch.ts";

Deno.test("scheduler: each of n sequences has its turn within n runs", () => {
  const limits = { sequences: 3, tokens: 20, promptTokens: 8 };
  let order = Array.from({ length: 10 }, (_, i) => ({
    pending: { length: i % 3 === 0 ? 30 : 1 },
    readsPrompt: i % 3 === 0,
    last: 0,
  }));
  for (let run = 1; run < 60; run++) {
    const picked = pickBatch(order, limits);
    assert.ok(picked.length <= limits.sequences);
    const sum = (of: typeof picked): number => of.reduce((n, { count }) => n + count, 0);
    assert.ok(sum(picked) <= limits.tokens);
    assert.ok(sum(picked.filter(({ sequence }) => sequence.readsPrompt)) <= limits.promptTokens);
    for (const { sequence, count } of picked) {
      assert.ok(count >= 1 && count <= sequence.pending.length);
      assert.ok(run - sequence.last <= order.length);
      sequence.last = run;
    }
    const served = picked.map(({ sequence }) => sequence);
    order = [...order.filter((one) => !served.includes(one)), ...served];
  }
  assert.ok(order.every(({ last }) => last > 40));
});
