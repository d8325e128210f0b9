import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { Random } from "./_random.ts";
import { prepare, runPrepared } from "./_program.ts";
import { CASES } from "./cases.ts";
import { resize } from "./resize.ts";
import type { Sizes } from "./resize.ts";
import { given } from "./_values.ts";

Deno.test("resize() repeats elements along every axis", () => {
  const c = resize({
    name: "",
    instruction: "requantize",
    operands: {
      x: given("i8", [2, 3], [1, 2, 3, 4, 5, 6]),
      multiplier: given("i32", [3], [7, 8, 9]),
      shift: given("i32", [1], [5]),
      identity: given("i8", [3], [1, 1, 2]),
    },
    results: { y: { dtype: "i8", extents: [2, 3] } },
  }, { "*": [2, 2], N: 4 });
  const elements = (name: string): number[] => Array.from(c.operands[name]!.elements);
  assert.deepEqual(c.operands.x!.extents, [2, 2, 4]);
  assert.deepEqual(elements("x"), [1, 2, 3, 1, 4, 5, 6, 4, 1, 2, 3, 1, 4, 5, 6, 4]);
  assert.deepEqual(elements("multiplier"), [7, 8, 9, 7]);
  assert.deepEqual(elements("shift"), [5]);
  assert.deepEqual(c.operands.identity!.extents, [4]);
  assert.deepEqual(c.results.y.extents, [2, 2, 4]);
});

const SIZES: Readonly<Record<string, Sizes>> = {
  linear_i8: { "*": [5, 2], K: 20, N: 9 },
  attention_i8: { B: 2, Q: 5, L: 6, C: 12, W: 2, "@heads": 3 },
  attention_ragged_i8: { T: 21, S: 4, C: 12, "@heads": 3 },
  attention_cached_f32: {
    ...{ T: 9, B: 3, S: 5, R: 12, C: 24, K: 8 },
    ...{ "@kv_heads": 2, "@group": 3 },
  },
  hgrn_scan_f32: { T: 9, B: 3, S: 5, C: 10 },
  patches: {
    B: 2,
    I: 8,
    W: 12,
    P: 6,
    K: 16,
    "@height": 8,
    "@width": 12,
    "@channels": 1,
    "@patch": 4,
  },
  embedding_i8: { T: 30, C: 20 },
  concat_rows: { P: 2, L: 3, C: 9, B: 4 },
};

for (const [name, sizes] of Object.entries(SIZES)) {
  Deno.test(`resize() makes programs of ${name} that a verifier lets pass`, async () => {
    let count = 0;
    for (const c of CASES[name](new Random(5))) {
      const prepared = await prepare(resize(c, sizes));
      using instance = await loadReference(prepared.file);
      runPrepared(instance, prepared);
      if (++count === 12) break;
    }
    assert.equal(count, 12);
  });
}
