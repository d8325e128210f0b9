import assert from "node:assert/strict";
import { candidates, penalize } from "../../src/text/_candidates.ts";
import { ln } from "../../src/text/_ln.ts";
import { RandomStream } from "../../src/text/random.ts";
import { RecentIds } from "../../src/text/recent_ids.ts";
import { sample } from "../../src/text/sampler.ts";
import type { SamplerState } from "../../src/text/sampler.ts";
import { samplingOptions } from "../../src/text/sampling_options.ts";
import type { SamplingOptions } from "../../src/text/sampling_options.ts";
import { fails } from "./_fails.ts";

interface Vector {
  readonly logits: readonly (number | null)[];
  readonly options: SamplingOptions;
  readonly recent: readonly number[];
  readonly seed: number;
  readonly drawn: readonly number[];
  readonly ids: readonly number[];
  readonly probabilities: readonly number[];
  readonly top: readonly number[];
  readonly logprobs: readonly number[];
}

/** From numpy in float64, in the order of transformers: test/vectors/make_text.py. */
const VECTORS: readonly Vector[] = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/text/sampler.json", import.meta.url)),
);

function stateOf(seed = 0, recent: readonly number[] = []): SamplerState {
  return { random: new RandomStream(seed), recent: new RecentIds(recent) };
}

function logitsOf(vector: Vector): Float32Array {
  return Float32Array.from(vector.logits, (x) => x ?? -Infinity);
}

Deno.test("the ids that may be drawn and their probabilities are numpy's", () => {
  for (const [i, vector] of VECTORS.entries()) {
    const options = samplingOptions(vector.options);
    const recent = new RecentIds(vector.recent);
    const scores = penalize(logitsOf(vector), options.repetitionPenalty, recent);
    const { ids, weights } = candidates(scores, options);
    const sum = weights.reduce((a, b) => a + b);
    const kept = [...ids].filter((_, j) => weights[j] > 0);
    assert.deepEqual(kept, vector.ids, `vector ${i}`);
    kept.forEach((_, j) => {
      const [actual, expected] = [weights[j] / sum, vector.probabilities[j]];
      assert.ok(Math.abs(actual / expected - 1) < 1e-4, `vector ${i}: ${actual}, not ${expected}`);
    });
  }
});

Deno.test("log probabilities are those of the logits as they are", () => {
  for (const vector of VECTORS) {
    const state = stateOf(3, vector.recent);
    const { id, logprob, top } = sample(
      logitsOf(vector),
      { ...vector.options, logprobs: 5 },
      state,
    );
    assert.deepEqual(top?.map((token) => token.id), vector.top);
    top?.forEach((token, i) => assert.ok(Math.abs(token.logprob - vector.logprobs[i]) < 1e-6));
    const same = vector.top.indexOf(id);
    if (same >= 0) assert.equal(logprob, top?.[same].logprob);
  }
  const excluded = sample(
    Float32Array.of(-Infinity, 0),
    { temperature: 0, logprobs: 2 },
    stateOf(),
  );
  assert.deepEqual(excluded, { id: 1, logprob: 0, top: [{ id: 1, logprob: 0 }] });
});

Deno.test("ln() is Math.log to the last places", () => {
  for (let i = 0; i < 20_000; i++) {
    const x = (1 + i / 7919) * 2 ** (i % 120 - 60);
    const exact = Math.log(x);
    assert.ok(Math.abs(ln(x) - exact) <= 4e-16 * Math.max(1, Math.abs(exact)), `ln ${x}`);
  }
  assert.equal(ln(1), 0);
});

Deno.test("temperature 0 takes the largest, the lowest id of equal ones, and draws nothing", () => {
  const state = stateOf();
  const logits = Float32Array.of(1, 5, -2, 5, 5);
  assert.deepEqual(sample(logits, { temperature: 0 }, state), { id: 1 });
  assert.equal(state.random.draws, 0);
  assert.deepEqual([...logits], [1, 5, -2, 5, 5]);
  state.recent.push(1);
  assert.equal(sample(logits, { temperature: 0, repetitionPenalty: 1.01 }, state).id, 3);
});

Deno.test("of equal scores top-k and top-p keep the lowest ids", () => {
  const keep = (
    options: SamplingOptions,
  ) => [...candidates(Float32Array.of(2, 3, 3, 3, 1), samplingOptions(options)).ids];
  assert.deepEqual(keep({ topK: 2 }), [1, 2]);
  assert.deepEqual(keep({ topP: 0.5 }), [1, 2]);
  assert.deepEqual(keep({ topK: 2, topP: 0.5 }), [1]);
  assert.deepEqual(keep({ topK: 100 }), [0, 1, 2, 3, 4]);
  assert.deepEqual(keep({ minP: 1 }), [1, 2, 3]);
});

Deno.test("tokens are drawn as often as they are probable", () => {
  const logits = Float32Array.of(0, Math.LN2, -Infinity, 2 * Math.LN2);
  const state = stateOf(11);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 14_000; i++) counts[sample(logits, {}, state).id]++;
  assert.equal(counts[2], 0);
  assert.equal(state.random.draws, 14_000);
  const expected = [2000, 4000, 8000];
  const chi2 = [counts[0], counts[1], counts[3]]
    .reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);
  // χ² with 2 degrees of freedom is below 13.8 with probability 0.999.
  assert.ok(chi2 < 13.8, `${chi2}: ${counts}`);
});

Deno.test("a seed draws the tokens that Python draws", () => {
  for (const vector of VECTORS) {
    const state = stateOf(vector.seed, vector.recent);
    const ids = vector.drawn.map(() => sample(logitsOf(vector), vector.options, state).id);
    assert.deepEqual(ids, vector.drawn);
  }
});

Deno.test("the ends of the range never draw a token of weight 0", () => {
  const logits = Float32Array.of(-1000, 0, 0.5, 0, -1000);
  for (const [number, id] of [[0, 1], [1 - 2 ** -53, 3]]) {
    const random = { next: () => number } as RandomStream;
    assert.equal(sample(logits, {}, { random, recent: new RecentIds() }).id, id);
  }
});

Deno.test("no temperature and no penalty makes finite logits infinite", () => {
  const most = 3.4028234663852886e38;
  assert.equal(sample(Float32Array.of(1, 2), { temperature: 5e-324 }, stateOf()).id, 1);
  assert.equal(sample(Float32Array.of(-most, most, 0), {}, stateOf()).id, 1);
  const options = { repetitionPenalty: 100 };
  const negative = Float32Array.of(-most, -Infinity, -most);
  assert.equal(sample(negative, { ...options, temperature: 0 }, stateOf(0, [0, 1, 2])).id, 0);
  assert.equal(sample(Float32Array.of(-Infinity, -most), options, stateOf(0, [0, 1])).id, 1);
  const drawn = sample(Float32Array.of(most), { repetitionPenalty: 0.01 }, stateOf(0, [0]));
  assert.equal(drawn.id, 0);
});

Deno.test("recent ids outside the vocabulary have no logit to penalise", () => {
  assert.equal(
    sample(Float32Array.of(1, 2), { temperature: 0, repetitionPenalty: 2 }, stateOf(0, [1, 9])).id,
    0,
  );
});

Deno.test("logits that give no token are refused", () => {
  const bad = (logits: Float32Array, message: string) =>
    fails(() => sample(logits, {}, stateOf()), "invalid_argument", message);
  bad(Float32Array.of(0, NaN), "token 1 is NaN");
  bad(Float32Array.of(Infinity), "token 0 is Infinity");
  bad(Float32Array.of(-Infinity, -Infinity), "none of 2 logits is finite");
  bad(new Float32Array(), "none of 0 logits");
  bad([1, 2] as unknown as Float32Array, "not a Float32Array");
});

Deno.test("options outside their range are refused by name", () => {
  const bad: readonly (readonly [keyof SamplingOptions, readonly unknown[]])[] = [
    ["temperature", [-0.1, 101, NaN, "1"]],
    ["topK", [-1, 1.5, NaN, Infinity, null]],
    ["topP", [0, -1, 1.01, NaN]],
    ["minP", [-0.1, 1.1, NaN]],
    ["repetitionPenalty", [0, -1, 101, NaN]],
    ["logprobs", [-1, 0.5, 101, true]],
  ];
  for (const [name, values] of bad) {
    for (const value of values) {
      const given = typeof value === "number" ? value : typeof value;
      fails(
        () => sample(Float32Array.of(1), { [name]: value }, stateOf()),
        "invalid_argument",
        `${name} is ${given}, expected`,
      );
    }
  }
});
