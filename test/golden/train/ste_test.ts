/** Straight-through gradients against PyTorch in float64: codes exactly, gradients within their bounds. */
import { absent, SHARED } from "../_shared.ts";
import { bitLinearFactors } from "../../../src/graph/expand_bit_linear.ts";
import { fusedBitLinear } from "../../../src/graph/ops/mod.ts";
import { checkCase, readOracle } from "./_oracle.ts";
import type { Build, OracleCase } from "./_oracle.ts";

const OPS: Readonly<Record<string, Build>> = {
  BitLinear(build, { x, gamma, w }, { epsilon }) {
    const inputs = { x, gamma, weight: w };
    const y = build.graph.apply(fusedBitLinear, inputs, { epsilon });
    const { q, alpha, trits, scale } = bitLinearFactors(build, inputs, { epsilon });
    return { y, codes: q, trits, row_scale: alpha, mu: scale };
  },
};

Deno.test({
  name: "golden: ste",
  ignore: absent(`${SHARED}/golden/train`),
  fn: async (t) => {
    const oracle = readOracle("ste");
    for (const c of oracle.cases as readonly OracleCase[]) {
      if (OPS[c.op] === undefined) continue;
      await t.step(c.name, () => checkCase(oracle, c, OPS[c.op]));
    }
  },
});
