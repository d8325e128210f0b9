/** The class token before patches, positions added: in integers, code by code. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { dyadic } from "../../src/numeric/dyadic.ts";
import { requantize } from "../../src/numeric/requantize.ts";
import { Random } from "../conformance/_random.ts";
import { codesOf, constant, integers, runIntegers } from "./_method.ts";

const [B, P, AHEAD, C] = [2, 3, 2, 4];
const random = new Random(83);
const f32 = (count: number, most: number) =>
  Float32Array.from({ length: count }, () => (random.unit() * 2 - 1) * most);
const x = f32(B * P * C, 1);
/** Larger than 16 bits of its grid hold. */
const token = f32(AHEAD * C, 400);
const position = f32((AHEAD + P) * C, 2);

const scales = { x: Math.fround(1 / 127), pos: Math.fround(2 / 32767), y: Math.fround(0.07) };

function network(first: Float32Array = token) {
  const graph = new Graph();
  const ahead = constant(graph, "token", [AHEAD, C], first);
  const rows = graph.apply(ops.concatRows, { first: ahead, x: graph.input("x", "f32", [B, P, C]) });
  const b = constant(graph, "pos", [AHEAD + P, C], position);
  graph.output("y", graph.apply(ops.add, { a: rows, b }, {}, { output: "y" }));
  return integers(graph, { x: { bits: 8 }, pos: { bits: 16 }, y: { bits: 16 } });
}

/** `round(code·from/to)` as the engines do it. */
function arm(code: number, from: number): bigint {
  const { multiplier, shift } = dyadic(from, scales.y);
  return requantize(code, multiplier, shift);
}

Deno.test("rows ahead are the token's codes and their positions, the others the patches'", async () => {
  const { y } = await runIntegers(network(), scales, { x });
  const positions = position.map((value) => codesOf([value], scales.pos, 16)[0]);
  const ahead = Array.from(
    token,
    (value, i) =>
      Number(
        arm(codesOf([Math.fround(value / scales.x)], 1, 40)[0], scales.x) +
          arm(positions[i], scales.pos),
      ),
  );
  const expected = [0, 1].flatMap((b) => [
    ...ahead,
    ...Array.from({ length: P * C }, (_, i) => {
      const code = codesOf([Math.fround(1 / scales.x) * x[b * P * C + i]], 1, 8)[0];
      return Number(arm(code, scales.x) + arm(positions[AHEAD * C + i], scales.pos));
    }),
  ]);
  assert.deepEqual(y, expected);
  // And so they are the real sums within a code of each arm.
  const real = Array.from(token, (value, i) => (value + position[i]) / scales.y);
  ahead.forEach((code, i) => assert.ok(Math.abs(code - real[i]) <= 1.2, `${code}, ${real[i]}`));
});

Deno.test("calibration sees the rows ahead, and taps show them", () => {
  const { sites, taps } = network();
  const { source } = sites.find(({ site }) => site.name === "y")!;
  assert.equal(source.kind, "codes");
  if (source.kind !== "codes") return;
  const seen = source.constantRow!(new Map(Object.entries(scales)));
  seen.forEach((value, i) => {
    assert.ok(Math.abs(value - (token[i] + position[i])) < scales.x / 2 + scales.pos, `${value}`);
  });
  assert.equal(seen.length, token.length);
  assert.deepEqual(taps.get("y")!.shape, [B, AHEAD + P, C]);
});

Deno.test("a token that is too large for 16 bits of the result is clamped, one that is not finite refused", async () => {
  const small = { ...scales, y: Math.fround(1e-4) };
  const { y } = await runIntegers(network(), small, { x });
  token.forEach((value, i) => {
    if (Math.abs(value) > 10) assert.equal(y[i], value > 0 ? 32767 : -32768);
  });
  const infinite = network(token.with(1, Infinity));
  const constants = [...infinite.graph.constants.values()];
  const row = constants.find(({ derivedFrom }) => derivedFrom.length === 3)!;
  assert.throws(() => row.tensor(new Map(Object.entries(scales))), { code: "invalid_file" });
});
