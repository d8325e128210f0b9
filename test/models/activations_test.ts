/** Activations beside those of transformers and timm, in float64, in tables and in float32 programs. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { activationOf, ACTIVATIONS, gelu } from "../../src/graph/activations.ts";
import { expandActivations } from "../../src/graph/expand_activations.ts";
import { Graph } from "../../src/graph/graph.ts";
import { activation } from "../../src/graph/ops/mod.ts";
import { activationName, GELU } from "../../src/models/activation_names.ts";
import { compile } from "../../src/lower/compile.ts";
import { activationTable12 } from "../../src/quantize/integer_constants.ts";

const ENGINES: readonly SyncEngineName[] = ["reference", "wasm-simd", "wasm-relaxed"];

type Values = Readonly<Record<string, readonly number[]>>;
const { x: POINTS, huggingFace, timm } = JSON.parse(
  await Deno.readTextFile(new URL("../vectors/checkpoints/activations.json", import.meta.url)),
) as { x: number[]; huggingFace: Values; timm: Values };

const functionOf = (kind: string): (x: number) => number =>
  kind === GELU ? gelu : activationOf(kind);

for (const [library, all] of [["huggingFace", huggingFace], ["timm", timm]] as const) {
  Deno.test(`activations: ${Object.keys(all).length} of ${library} at ${POINTS.length} points`, () => {
    for (const [name, values] of Object.entries(all)) {
      const f = functionOf(activationName(library, "act", name));
      POINTS.forEach((x, i) => {
        const error = Math.abs(f(x) - values[i]);
        assert.ok(error < 1e-6, `${name}(${x}) is ${f(x)}, expected ${values[i]}`);
      });
    }
  });
}

Deno.test("activations: a table of 12 bits has the nearest code of each", () => {
  for (const kind of ACTIVATIONS) {
    const table = activationTable12(2 ** -8, 2 ** -8, activationOf(kind));
    for (let code = -2048; code < 2048; code += 7) {
      const exact = activationOf(kind)(code / 256) * 256;
      const clamped = Math.max(-2048, Math.min(2047, exact));
      assert.ok(Math.abs(table[code + 2048] - clamped) <= 0.5, `${kind} of ${code}`);
    }
  }
});

Deno.test(`activations: ${ACTIVATIONS.length} in float32 programs, 2,000 points each, the same bits on every engine`, async () => {
  const x = Float32Array.from({ length: 2000 }, (_, i) => (i - 1000) / 47.13);
  for (const kind of ACTIVATIONS) {
    const graph = new Graph();
    const input = graph.input("x", "f32", [2, 1000]);
    graph.output("y", graph.apply(activation, { x: input }, { kind }));
    assert.ok(expandActivations(graph).nodes.every(({ op }) => op !== "Activation"));
    const program = compile(graph);
    let first: Float32Array | undefined;
    for (const engine of ENGINES) {
      using instance = await load(program, { engine });
      const y = (await instance.run({ x })).y.data as Float32Array;
      first ??= y;
      assert.deepEqual(y, first, `${kind} by ${engine}`);
    }
    x.forEach((value, i) => {
      const exact = activationOf(kind)(value);
      // 2e-5, and next to a kink a quarter of a step of 2^-7.
      const kinks = [-3, -2, 0, 3, 6, 10];
      const atKink = kinks.some((kink) => Math.abs(value - kink) < 2 ** -8);
      const bound = atKink ? 2e-3 : 3e-5 * Math.max(1, Math.abs(value) - 15);
      const error = Math.abs(first![i] - exact);
      assert.ok(error < bound, `${kind}(${value}) is ${first![i]}, expected ${exact}`);
    });
  }
});

Deno.test("activations: names that are none are refused", () => {
  for (const name of ["relu2", "prelu", "toString", "", null, 3]) {
    assert.throws(() => activationName("huggingFace", "hidden_act", name), {
      code: "unsupported",
      message: /hidden_act/,
    });
  }
  assert.throws(() => activationOf("toString"), { code: "unsupported" });
});
