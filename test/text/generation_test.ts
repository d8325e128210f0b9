/** Answers from logits that are made up: no network, no promise. */
import assert from "node:assert/strict";
import fc from "./_fast_check.ts";
import { appendIds, EMPTY_TEXT, Generation } from "../../src/text/generation.ts";
import type {
  GenerationOptions,
  GenerationState,
  GenerationStep,
} from "../../src/text/generation.ts";
import { RandomStream } from "../../src/text/random.ts";
import { RecentIds } from "../../src/text/recent_ids.ts";
import { sample } from "../../src/text/sampler.ts";
import { fails } from "./_fails.ts";
import { tokenizerOf } from "./_vectors.ts";

const tokenizer = tokenizerOf("sentence_piece");
const { vocabSize } = tokenizer;
const END = 2;
const SETUP = { tokenizer, endIds: [END], defaults: {} };
const GREEDY = { temperature: 0 };

/** The byte-fallback tokens of a text. */
function idsOf(text: string): number[] {
  return [...new TextEncoder().encode(text)].map((byte) => 3 + byte);
}

/** Logits of which one is the largest. */
function only(id: number): Float32Array {
  return new Float32Array(vocabSize).fill(-8).fill(8, id, id + 1);
}

/** Logits that look like a network's. */
function noise(seed: number): Float32Array {
  const random = new RandomStream(seed);
  return Float32Array.from({ length: vocabSize }, () => 12 * random.next() - 6);
}

function begin(
  options: GenerationOptions,
  state: GenerationState = EMPTY_TEXT,
  prompt: readonly number[] = [1],
): Generation {
  return new Generation(SETUP, options, state, prompt);
}

/** Steps for ids that the logits leave no choice of, until the answer ends. */
function stepsOf(generation: Generation, ids: readonly number[]): GenerationStep[] {
  const steps: GenerationStep[] = [];
  for (const id of ids) {
    steps.push(generation.step(only(id)));
    if (steps.at(-1)!.finishReason !== undefined) break;
  }
  return steps;
}

function textOf(steps: readonly GenerationStep[]): string {
  return steps.map(({ text }) => text).join("");
}

Deno.test("a stop string that lies across tokens ends the answer and is no part of it", () => {
  const steps = stepsOf(begin({ ...GREEDY, stop: ["\nUser:", "never"] }), idsOf("Fine.\nUser: I"));
  assert.equal(textOf(steps), "Fine.");
  assert.deepEqual(steps.map(({ text }) => text).slice(5), ["", "", "", "", "", ""]);
  assert.equal(steps.length, "Fine.\nUser:".length);
  assert.equal(steps.at(-1)!.finishReason, "stop");
  assert.ok(steps.slice(0, -1).every(({ finishReason }) => finishReason === undefined));
});

Deno.test("what only looked like a stop string is handed out, at the latest with the last token", () => {
  const options = { ...GREEDY, stop: "\nUser:", maxTokens: 7 };
  const steps = stepsOf(begin(options), idsOf("a\nUse\nUser"));
  assert.deepEqual(steps.map(({ text }) => text), ["a", "", "", "", "", "\nUse", "\nU"]);
  assert.equal(steps[6].finishReason, "length");
});

Deno.test("an id that ends a text has none, unless it is to be gone on behind it", () => {
  const ids = [...idsOf("ab"), END, ...idsOf("c")];
  const ended = stepsOf(begin(GREEDY), ids);
  assert.deepEqual(ended.map(({ text }) => text), ["a", "b", ""]);
  assert.equal(ended[2].finishReason, "stop");
  const on = stepsOf(begin({ ...GREEDY, stopAtEnd: false, maxTokens: 4 }), ids);
  assert.equal(textOf(on), "abc");
  assert.equal(on[3].finishReason, "length");
});

Deno.test("an answer has maxTokens tokens: the caller's, else the model's, else 256", () => {
  const ids = Array(300).fill(idsOf("x")[0]);
  assert.equal(stepsOf(begin({ ...GREEDY, maxTokens: 3 }), ids).length, 3);
  const model = { ...SETUP, defaults: { maxTokens: 9, temperature: 0 } };
  const lengthOf = (generation: Generation) => stepsOf(generation, ids).length;
  assert.equal(lengthOf(new Generation(model, {}, EMPTY_TEXT, [1])), 9);
  assert.equal(lengthOf(new Generation(model, { maxTokens: 4 }, EMPTY_TEXT, [1])), 4);
  assert.equal(lengthOf(begin(GREEDY)), 256);
});

Deno.test("an answer that has ended takes no more logits", () => {
  for (const [ids, reason] of [[idsOf("ab"), "length"], [[END], "stop"]] as const) {
    const generation = begin({ ...GREEDY, maxTokens: 2 });
    assert.equal(stepsOf(generation, ids).at(-1)!.finishReason, reason);
    const { state } = generation;
    fails(() => generation.step(only(70)), "invalid_argument", "the answer has ended");
    assert.deepEqual(generation.state, state);
  }
});

Deno.test("ids that the caller masks are not chosen, and a bias moves the choice", () => {
  const [a, b, c] = idsOf("abc");
  const logits = only(a);
  logits[b] = 4;
  logits[c] = 2;
  const choose = (change: (logits: Float32Array) => void): number => {
    const changed = logits.slice();
    change(changed);
    return begin(GREEDY).step(changed).id;
  };
  assert.equal(choose(() => {}), a);
  assert.equal(choose((logits) => logits[a] = -Infinity), b);
  assert.equal(choose((logits) => logits[c] += 7), c);
  const generation = begin({ temperature: 2, seed: 1, maxTokens: 200 });
  for (let i = 0; i < 200; i++) {
    const masked = noise(i).map((logit, id) => id === b || id === c ? logit : -Infinity);
    assert.ok([b, c].includes(generation.step(masked).id));
  }
});

Deno.test("logits that are no numbers are refused and change nothing", () => {
  const generation = begin({ temperature: 0.7, seed: 3 });
  generation.step(noise(1));
  const { state } = generation;
  for (const bad of [noise(2).fill(NaN, 7, 8), new Float32Array(vocabSize).fill(-Infinity)]) {
    fails(() => generation.step(bad), "invalid_argument", "Cannot sample");
    assert.deepEqual(generation.state, state);
  }
});

Deno.test("an id is what the sampler chooses with these options, draws and recent ids", () => {
  const options = { temperature: 0.9, topK: 40, topP: 0.9, repetitionPenalty: 1.3 };
  const [random, recent] = [new RandomStream(5), new RecentIds([1, 9, 80])];
  const generation = begin({ ...options, seed: 5, stopAtEnd: false }, EMPTY_TEXT, [1, 9, 80]);
  for (let i = 0; i < 100; i++) {
    const logits = noise(i);
    const { id } = sample(logits, options, { random, recent });
    recent.push(id);
    assert.equal(generation.step(logits).id, id);
  }
  assert.deepEqual(generation.state.recent, [...recent]);
  assert.deepEqual([generation.state.seed, generation.state.draws], [5, 100]);
});

Deno.test("log probabilities come with each id when they are asked for", () => {
  const [a, b] = idsOf("ab");
  const logits = only(a).fill(7, b, b + 1);
  const { token } = begin({ ...GREEDY, logprobs: 2 }).step(logits);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  assert.deepEqual(token!.top!.map(({ id }) => id), [a, b]);
  assert.ok(Math.abs(token!.logprob - (8 - total)) < 1e-6);
  assert.ok(Math.abs(token!.top![1].logprob - (7 - total)) < 1e-6);
  assert.equal("token" in begin(GREEDY).step(logits), false);
});

Deno.test("a text goes on from its state in the middle of a character and of a stop string", () => {
  const text = "naïve 🙂\nUse\nUser: 日本";
  const ids = idsOf(text);
  const options = { ...GREEDY, stop: "\nUser:" };
  const whole = textOf(stepsOf(begin(options), ids));
  assert.equal(whole, "naïve 🙂\nUse");
  let [held, pending] = [0, 0];
  for (let at = 1; at < ids.length; at++) {
    const first = begin(options);
    const before = stepsOf(first, ids.slice(0, at));
    if (before.at(-1)!.finishReason !== undefined) break;
    const state: GenerationState = JSON.parse(JSON.stringify(first.state));
    if (state.held) held++;
    if (state.pending !== "") pending++;
    const second = begin(options, state, []);
    assert.deepEqual(second.state, state);
    assert.equal(textOf(before) + textOf(stepsOf(second, ids.slice(at))), whole, `at ${at}`);
  }
  // Inside of ï and 🙂; inside of both beginnings of the stop string.
  assert.deepEqual([held, pending], [4, 9]);
});

Deno.test("a prompt ends what was held back", () => {
  const first = begin({ ...GREEDY, stop: "\nUser:" });
  stepsOf(first, idsOf("a\n🙂").slice(0, 3));
  const state = { ...first.state, pending: "\n" };
  assert.equal(state.held, true);
  const [step] = stepsOf(begin({ ...GREEDY, stop: "x" }, state, idsOf("b")), idsOf("c"));
  assert.equal(step.text, "c");
  fails(
    () => begin({ ...GREEDY, stop: "x" }, state, []),
    "invalid_argument",
    "no stop string begins with",
  );
});

Deno.test("half a character at the end is a U+FFFD of the answer, also of one that is cut", () => {
  const [byte] = idsOf("🙂");
  assert.deepEqual(
    stepsOf(begin({ ...GREEDY, maxTokens: 2 }), [...idsOf("a"), byte]).map(({ text }) => text),
    ["a", "\ufffd"],
  );
  const stopped = stepsOf(begin({ ...GREEDY, stop: "\ufffd", maxTokens: 2 }), [
    ...idsOf("a"),
    byte,
  ]);
  assert.equal(textOf(stopped), "a");
});

Deno.test("what is held back when a stop string ends the answer is no part of it", () => {
  // A byte that begins no character is certain only with the next one, which is held back in turn.
  const ids = [...idsOf("a"), 3 + 0xff, 3 + 0xff];
  const steps = stepsOf(begin({ ...GREEDY, stop: "a\ufffd" }), ids);
  assert.deepEqual(steps.map(({ text }) => text), ["", "", ""]);
  assert.equal(steps[2].finishReason, "stop");
});

Deno.test("splitting an answer anywhere changes neither ids nor text nor state", () => {
  const bytes = fc.array(fc.nat(1e6), { minLength: 2, maxLength: 24 });
  const options = { temperature: 1.5, topK: 300, repetitionPenalty: 1.1, stopAtEnd: false };
  fc.assert(
    fc.property(bytes, fc.nat(1e6), fc.nat(1e6), (seeds, seed, cut) => {
      const all = seeds.map(noise);
      const whole = begin({ ...options, seed });
      const expected = all.map((logits) => whole.step(logits));
      const at = 1 + cut % (all.length - 1);
      const first = begin({ ...options, seed });
      const steps = all.slice(0, at).map((logits) => first.step(logits));
      const second = begin(options, first.state, []);
      steps.push(...all.slice(at).map((logits) => second.step(logits)));
      assert.deepEqual(steps, expected);
      assert.deepEqual(second.state, whole.state);
    }),
    { numRuns: 200, seed: 4 },
  );
});

Deno.test("without a tokenizer there are ids and no text", () => {
  const generation = new Generation({ endIds: [END], defaults: {} }, GREEDY, EMPTY_TEXT, [1]);
  const steps = stepsOf(generation, [70, 71, END]);
  assert.deepEqual(steps.map(({ id, text }) => [id, text]), [[70, ""], [71, ""], [END, ""]]);
  assert.equal(steps[2].finishReason, "stop");
});

Deno.test("ids that no answer follows yet are what a repetition penalty looks at", () => {
  const [a, b] = idsOf("ab");
  const logits = only(a).fill(7.5, b, b + 1);
  const options = { ...GREEDY, repetitionPenalty: 2 };
  assert.equal(begin(options).step(logits).id, a);
  const state = appendIds(EMPTY_TEXT, [5, a]);
  assert.deepEqual(state, { ...EMPTY_TEXT, recent: [5, a] });
  assert.equal(begin(options, state).step(logits).id, b);
});

Deno.test("options out of range are refused", () => {
  const bad: [GenerationOptions, string][] = [
    [{ maxTokens: 0 }, "maxTokens is 0, expected an integer from 1 to 2147483648"],
    [{ maxTokens: 1.5 }, "maxTokens is 1.5"],
    [{ seed: -1 }, "seed is -1, expected an integer from 0 to 9007199254740991"],
    [{ temperature: -1 }, "temperature is -1"],
    [{ stop: "" }, "stop[0] is of length 0"],
  ];
  for (const [options, message] of bad) fails(() => begin(options), "invalid_argument", message);
});
