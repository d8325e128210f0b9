/** Straight-through gradients against PyTorch in float64: codes exactly, gradients within their bounds. */
import assert from "node:assert/strict";
import { absent, SHARED } from "../_shared.ts";
import { bitLinearFactors } from "../../../src/graph/expand_bit_linear.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { fusedBitLinear, layerNormInteger } from "../../../src/graph/ops/mod.ts";
import { compile } from "../../../src/lower/compile.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { quantizeNorm } from "../../../src/quantize/integer_constants.ts";
import { createObserver, scaleFor } from "../../../src/quantize/observer.ts";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { Stream } from "../seeded.ts";
import {
  integerLayerNorm,
  quantAct,
  quantLinear,
  shiftGelu,
  shiftmax,
} from "../../../src/training/layers/i_vit.ts";
import { checkCase, numbersOf, readOracle, within } from "./_oracle.ts";
import type { Build, OracleCase } from "./_oracle.ts";

/** Learned ranges, whose ops are tested where they are. */
const RANGES = ["fake quantisation", "learnable weight clipping", "QuantAct observer"];

/** Elements of β of the oracle's LayerNorm, behind those of γ in its stream. */
const BETA = { seed: 106, first: 2214, gammaFirst: 2198, columns: 16 };

/** Its integer bias, a constant that does not follow γ. */
function normBias(): Int32Array {
  const from = (first: number, bound: number, offset: number): Float32Array => {
    const stream = new Stream(BETA.seed);
    for (let i = 0; i < first; i++) stream.next();
    return stream.take(BETA.columns, bound, offset);
  };
  return quantizeNorm(from(BETA.gammaFirst, 0.4, 1), from(BETA.first, 0.5, 0), "norm").bias;
}

const OPS: Readonly<Record<string, Build>> = {
  BitLinear(build, { x, gamma, w }, { epsilon }) {
    const inputs = { x, gamma, weight: w };
    const y = build.graph.apply(fusedBitLinear, inputs, { epsilon });
    const { q, alpha, trits, scale } = bitLinearFactors(build, inputs, { epsilon });
    return { y, codes: q, trits, row_scale: alpha, mu: scale };
  },
  QuantAct: (build, { x }, { scale, bits }) => ({
    ...quantAct(build, x, build.scalar(scale), bits),
  }),
  QuantLinear(build, { x, w, b }, { "x scale": scale }) {
    const layer = quantLinear(build, { x, weight: w, bias: b }, build.scalar(scale));
    const [x_codes, w_codes, b_codes] = [layer.x, layer.weight, layer.bias].map(({ codes }) =>
      codes
    );
    return { y: layer.y, x_codes, w_codes, b_codes };
  },
  "I-LayerNorm"(build, { x, gamma }, { "x scale": scale }) {
    const bias = build.constant(gamma.shape as number[], normBias());
    return { y: integerLayerNorm(build, { x, gamma, bias }, build.scalar(scale)).y };
  },
  Shiftmax: (build, { x }, { scale, x0 }) => ({ ...shiftmax(build, x, build.scalar(scale), x0) }),
  ShiftGELU: (build, { x }, { scale, x0 }) => ({ ...shiftGelu(build, x, build.scalar(scale), x0) }),
};

Deno.test({
  name: "golden: ste",
  ignore: absent(`${SHARED}/golden/train`),
  fn: async (t) => {
    const oracle = readOracle("ste");
    for (const c of oracle.cases as readonly OracleCase[]) {
      if (RANGES.includes(c.op)) continue;
      if (c.op !== "I-LayerNorm") {
        await t.step(c.name, () => checkCase(oracle, c, OPS[c.op]));
        continue;
      }
      // float32 does not hold z: it is that of the integers.
      const { z, ...outputs } = c.outputs;
      await t.step(c.name, () => checkCase(oracle, { ...c, outputs }, OPS[c.op]));
      await t.step(`${c.name}: z`, async () => {
        const reals = numbersOf(oracle, c.inputs.x.tensor);
        const codes = Int16Array.from(reals, (x) => Math.round(x / c.attributes["x scale"]));
        assert.deepEqual(await integersOf(codes), numbersOf(oracle, z.tensor));
      });
    }
    const observed = oracle.cases.find(({ name }) => name === "ivit/observer");
    await t.step("ivit/observer", () => {
      const observer = createObserver("minmax");
      const scales = observed.batches.map((batch: string) =>
        scaleFor(observer.observe(Float32Array.from(numbersOf(oracle, batch)), 6), 8, batch)
      );
      within(scales, observed.scales, (i) => observed.rel * observed.scales[i], "scales");
    });
  },
});

/** Sums of an integer LayerNorm, as the networks of integers have them. */
async function integersOf(codes: Int16Array): Promise<number[]> {
  const graph = new Graph();
  const rows = codes.length / BETA.columns;
  const x = graph.input("x", "i16", [rows, BETA.columns]);
  const bias = graph.constant("bias", { dtype: "i32", shape: [BETA.columns], data: normBias() });
  graph.output("z", graph.apply(layerNormInteger, { x, bias }));
  using instance = await loadReference(await encodeProgram(compile(graph)));
  return [...(await instance.run({ x: codes })).z.data as Int32Array];
}
