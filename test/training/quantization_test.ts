/** Scales that are moved change nothing, extremes share their gradient. */
import assert from "node:assert/strict";
import { ExactProgram } from "../../src/engines/reference/exact.ts";
import { gradients } from "../../src/gradients/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { linear, reduceMax, rmsNormalization } from "../../src/graph/ops/mod.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { compile } from "../../src/lower/compile.ts";
import { moveScales } from "../../src/training/quantization/equivalent_scales.ts";
import type { BlockWeights } from "../../src/training/quantization/equivalent_scales.ts";
import { fakeQuantize, symmetricCodes } from "../../src/training/quantization/fake_quantization.ts";
import { llamaBlock } from "../../src/training/quantization/llama_block.ts";
import { Random } from "../conformance/_random.ts";

const [TOKENS, WIDTH, HIDDEN, SIZE] = [5, 12, 20, 4];

for (const [heads, kvHeads] of [[3, 3], [6, 2], [4, 2], [3, 1]]) {
  for (const before of [0, 2]) {
    Deno.test(`moved scales change nothing: ${heads} heads on ${kvHeads}, ${before} rows before`, () => {
      const random = new Random(heads + 10 * kvHeads);
      const graph = new Graph();
      const build = new NodeBuilder(graph);
      const draw = (shape: readonly number[], of: () => number): Value =>
        build.constant(shape, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, of));
      const any = () => 2 * random.unit() - 1;
      // Of either sign, and never near 0.
      const scale = () => (random.chance(0.4) ? -1 : 1) * (0.3 + 2 * random.unit());
      const channels = kvHeads * SIZE;
      const weights: BlockWeights = {
        norm1: draw([WIDTH], any),
        norm2: draw([WIDTH], any),
        q: draw([heads * SIZE, WIDTH], any),
        k: draw([channels, WIDTH], any),
        v: draw([channels, WIDTH], any),
        o: draw([WIDTH, heads * SIZE], any),
        gate: draw([HIDDEN, WIDTH], any),
        up: draw([HIDDEN, WIDTH], any),
        down: draw([WIDTH, HIDDEN], any),
      };
      const scales = {
        norm1: draw([WIDTH], scale),
        norm2: draw([WIDTH], scale),
        up: draw([HIDDEN], scale),
        // Rows before are not scaled with them.
        ...before === 0 && { values: draw([channels], scale), pairs: draw([channels / 2], scale) },
      };
      const moved = moveScales(build, weights, scales, { heads, kvHeads, headSize: SIZE });
      const x = draw([TOKENS, WIDTH], any);
      const angles = Array.from({ length: TOKENS * SIZE }, (_, i) => {
        const angle = (Math.floor(i / SIZE) + before) * 0.7 ** (i % 2);
        return i % SIZE < SIZE / 2 ? Math.cos(angle) : Math.sin(angle);
      });
      const prefix = before === 0
        ? undefined
        : { keys: draw([before, channels], any), values: draw([before, channels], any) };
      const [turns, sizes] = [
        build.constant([TOKENS, 2, SIZE / 2], angles),
        { tokens: TOKENS, heads, kvHeads, headSize: SIZE },
      ];
      const behind = (of: BlockWeights): Value =>
        llamaBlock(build, x, turns, sizes, {
          norm: (name, x) =>
            graph.apply(rmsNormalization, { x, gamma: of[name] }, { epsilon: 1e-5 }),
          linear: (name, x) => graph.apply(linear, { x, weight: of[name] }),
          site: (_, x) => x,
          ...prefix && { prefix },
        });
      graph.output("plain", behind(weights));
      graph.output("moved", behind(moved));
      const exact = new ExactProgram(compile(graph, { training: true }));
      exact.run();
      const want = exact.read("plain");
      const most = Math.max(...want.map(Math.abs));
      assert.ok(most > 1);
      exact.read("moved").forEach((y, i) =>
        assert.ok(Math.abs(y - want[i]) <= 1e-12 * most, `${i}`)
      );
    });
  }
}

/** The gradient of the sum of a value by its input. */
function gradientOf(
  data: readonly number[],
  make: (build: NodeBuilder, x: Value) => Value,
): number[] {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [data.length, 1]);
  const [dx] = gradients(graph, build.sum(make(build, x)), [x]);
  graph.output("dx", dx);
  const exact = new ExactProgram(compile(graph, { training: true }));
  exact.write("x", data);
  exact.run();
  return [...exact.read("dx")];
}

Deno.test("the largest elements share the gradient evenly", () => {
  const largest = (build: NodeBuilder, x: Value): Value => build.graph.apply(reduceMax, { x });
  assert.deepEqual(gradientOf([3, -1, 3, 3, 2], largest), [1 / 3, 0, 1 / 3, 1 / 3, 0]);
  assert.deepEqual(gradientOf([-4, -1], largest), [0, 1]);
});

Deno.test("bounds that are met pass a gradient, what is beyond does not", () => {
  const quantized = (build: NodeBuilder, x: Value): Value =>
    fakeQuantize(build, x, { scale: build.scalar(0.5) }, symmetricCodes(3));
  // Codes 3.2, 3, 2.6, −3, −3.6 of −3 … 3: the first and third round to 3, the last to −4.
  assert.deepEqual(gradientOf([1.6, 1.5, 1.3, -1.5, -1.8], quantized), [1, 1, 1, 1, 0]);
});
