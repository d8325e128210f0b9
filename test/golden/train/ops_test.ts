/** Every op that trains against PyTorch: results and gradients in float32, and exactly in float64. */
import assert from "node:assert/strict";
import { absent, SHARED } from "../_shared.ts";
import { DENSE } from "./_dense.ts";
import { FUNCTIONS } from "./_functions.ts";
import { NORMS } from "./_norms.ts";
import { checkCase, readOracle } from "./_oracle.ts";
import type { Build, OracleCase } from "./_oracle.ts";
import { PICTURES } from "./_pictures.ts";
import { SEQUENCES } from "./_sequences.ts";

const FILES:
  readonly (readonly [name: string, cases: number, ops: Readonly<Record<string, Build>>])[] = [
    ["ops_conv", 30, PICTURES],
    ["ops_dense", 41, { ...PICTURES, ...DENSE }],
    ["ops_norm", 33, NORMS],
    ["ops_activation", 38, FUNCTIONS],
    ["ops_sequence", 12, SEQUENCES],
  ];

for (const [name, count, ops] of FILES) {
  Deno.test({
    name: `golden: ${name}`,
    ignore: absent(`${SHARED}/golden/train`),
    fn: async (t) => {
      const oracle = readOracle(name);
      assert.equal(oracle.cases.length, count);
      for (const c of oracle.cases as readonly OracleCase[]) {
        await t.step(c.name, () => checkCase(oracle, c, ops[c.op]));
      }
    },
  });
}
