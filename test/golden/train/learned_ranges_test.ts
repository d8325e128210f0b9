/** Learned ranges and clipped weights against PyTorch: codes, results, gradients (`ste.json`, `lsq/*` and `lwc/*`). */
import { detach } from "../../../src/graph/ops/mod.ts";
import { fakeQuantize } from "../../../src/training/quantization/fake_quantization.ts";
import { clipWeight } from "../../../src/training/quantization/weight_clipping.ts";
import { absent, SHARED } from "../_shared.ts";
import { checkCase, readOracle } from "./_oracle.ts";
import type { Build, OracleCase } from "./_oracle.ts";

const BUILDS: Readonly<Record<string, Build>> = {
  lsq(build, { x, s, o }, { q: [least, most] }) {
    const y = fakeQuantize(build, x, { scale: s, zero: o }, { least, most });
    const codes = build.add(build.unary(build.div(y, s), "round"), o);
    return { y, codes: build.graph.apply(detach, { x: codes }) };
  },
  lwc(build, { w, u, l }, { bits, symmetric, per_row: perRow }) {
    const rows = perRow ? [w.shape[0], 1] : [1];
    const logits = { high: build.reshape(u, rows), low: build.reshape(l, rows) };
    const grid = { bits, symmetric, perTensor: !perRow, holdsZero: false };
    const { weight, scale, zero } = clipWeight(build, w, logits, grid);
    const codes = build.unary(build.div(weight, scale), "round");
    const offset = zero ?? build.scale(scale, 0);
    return { y: weight, scale, offset, codes: build.add(codes, offset) };
  },
};

const oracle = absent(`${SHARED}/golden/train/ste.json`) ? undefined : readOracle("ste");

for (const c of (oracle?.cases ?? []) as readonly OracleCase[]) {
  const [kind] = c.name.split("/");
  if (!Object.hasOwn(BUILDS, kind)) continue;
  Deno.test(`golden: ste, ${c.name}`, () => checkCase(oracle!, c, BUILDS[kind]));
}
