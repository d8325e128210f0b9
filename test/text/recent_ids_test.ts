import assert from "node:assert/strict";
import { RECENT_IDS, RecentIds } from "../../src/text/recent_ids.ts";
import { fails } from "./_fails.ts";

Deno.test("RecentIds keeps the last 64, oldest first", () => {
  for (const count of [0, 1, 63, 64, 65, 200]) {
    const all = Array.from({ length: count }, (_, i) => i * 3);
    const recent = new RecentIds(all);
    assert.deepEqual([...recent], all.slice(-RECENT_IDS));
    assert.equal(recent.length, Math.min(count, RECENT_IDS));
    const copy = new RecentIds(recent);
    recent.push(7);
    copy.push(7);
    assert.deepEqual([...copy], [...recent]);
  }
});

Deno.test("RecentIds takes ids only", () => {
  for (const id of [-1, 0.5, NaN, 2 ** 31]) {
    fails(() => new RecentIds([id]), "invalid_argument", `id is ${id}`);
  }
});
