import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const straight = ["test/training/straight_through_test.ts"];
const language = ["test/training/language_test.ts"];
const conformance = ["test/conformance/train_test.ts"];
const integers = ["test/training/quantized_training_test.ts"];
const goingOn = ["test/training/quantized_checkpoint_test.ts"];
const continual = ["test/training/continual_test.ts"];
const gradient = ["test/gradients"];

/** What is trained through roundings: ternary language models, I-ViT; and classes one after the other. */
export const STRAIGHT_THROUGH_MUTATIONS: readonly Mutation[] = [
  ...changes("src/gradients/rules/bit_linear.ts", straight, [
    ["b: build.div(q, alpha) }", "b: q }"],
    ["b: build.mul(trits, scale) }", "b: weight }"],
  ]),
  ...changes("src/gradients/rules/lower_bounds.ts", gradient, [
    ["at % layers >= 1 &&", ""],
  ]),
  ...changes("src/gradients/rules/straight_through.ts", straight, [
    [
      "(_, __, { y }) => ({\n  x: () => y!,",
      "(build, __, { y }) => ({\n  x: () => build.scale(y!, 2),",
    ],
  ]),
  ...changes("src/graph/expand_bit_linear.ts", straight, [
    ["inputs > MOST_INPUTS", "inputs > 2 * MOST_INPUTS"],
  ]),
  ...changes("src/graph/expand_straight_through.ts", straight, [
    ["y: valueOf(node.inputs.value)", "y: valueOf(node.inputs.x)"],
  ]),
  ...changes("src/engines/reference/quantize_rows_f32.ts", conformance, [
    [">= 0.5 ? 1 : 0", "> 0.5 ? 1 : 0"],
    ["max > LEAST_MAXIMUM ? max : LEAST_MAXIMUM", "max"],
  ]),
  ...changes("src/engines/reference/ternarize_f32.ts", conformance, [
    ["v > 0.5 ? 1", "v >= 0.5 ? 1"],
    ["Math.max(mean, LEAST_SCALE)", "mean"],
  ]),
  ...changes("src/numeric/lower_bounds.ts", conformance, [
    ["l === 0 ? 0 : sum += e / total", "sum += e / total"],
  ]),
  ...changes("src/numeric/exp64.ts", ["test/numeric/exp64_test.ts"], [
    ["x - n * LN2_HIGH - n * LN2_LOW", "x - n * Math.LN2"],
  ]),
  ...changes("src/training/layers/straight_through.ts", straight, [
    ["{ condition: isAbove, a: one, b: odd }", "{ condition: isAbove, a: one, b: zero }"],
  ]),
  ...changes("src/training/networks/hgrn_bit.ts", language, [
    [
      "build.div(build.mul(input, oneMinus(f)), divisor)",
      "build.mul(build.div(input, divisor), oneMinus(f))",
    ],
    ["const bound = l === 0", "const bound = l <= 1"],
  ]),
  ...changes("src/training/networks/llama.ts", language, [
    ["Math.imul(t, f)", "Math.imul(t + 1, 2 * f)"],
  ]),
  ...changes("src/training/language_checkpoint.ts", language, [
    ["isTurned(name) ? halvesApart(found) : found", "found"],
  ]),
  ...changes("src/training/text_windows.ts", language, [
    ["rows(1) };", "rows(0) };"],
    ["place.epoch, 0) % tokens", "0, 0) % tokens"],
  ]),
  ...changes("src/compile/_watched_forward.ts", integers, [
    ["observe: () => this.#observerOf(name).magnitude,", "observe: () => 1,"],
  ]),
  ...changes("src/compile/_watched_forward.ts", goingOn, [
    ["this.#scales = scales;", "this.#scales = new Map([...scales.keys()].map((k) => [k, 1]));"],
    ["this.#observerOf(name).range = range;", "this.#observerOf(name);"],
  ]),
  ...changes("src/compile/_stand_ins.ts", integers, [
    ["[`${SITE}logits`]: logits,", "[`${SITE}logits`]: logits.map((x) => 2 * x),"],
    ["scales.get(name) ?? SHARE", "scales.get(name) ?? 2 * SHARE"],
  ]),
  ...changes("src/compile/_backward_graph.ts", integers, [
    ['if (sizes.activation !== "gelu")', "if (false)"],
    ["depth, hidden, epsilon }", "depth, hidden, epsilon: 1e-2 }"],
  ]),
  ...changes("src/compile/_quantized_checkpoint.ts", goingOn, [
    ["if (checkpoint.program !== id) {", "if (false) {"],
    ["crc32c(bytesOf(data), crc), 0)", "crc, 0)"],
    ["if (!isCount(steps)) fail", "if (false) fail"],
  ]),
  ...changes("src/compile/quantized_training.ts", goingOn, [
    ["this.#forward.watched = before;", ""],
    ["batch: at + 1 };", "batch: at + 2 };"],
    ["this.#isStepping = true;", ""],
    ["if (Number.isFinite(loss)) return", "if (!Number.isNaN(step)) return"],
  ]),
  ...changes("src/cli/_class_numbers.ts", ["test/cli/class_numbers_test.ts"], [
    ["const at = own.indexOf(label);", "const at = labels.indexOf(label);"],
    ["labels.length <= count", "true"],
  ]),
  ...changes("src/quantize/calibrate.ts", ["test/quantize/calibrate_test.ts"], [
    ["if (code < low[c]) low[c] = code;", ""],
    ["if (code > most) most = code;", ""],
    ["identity === undefined && this.#observers", "this.#observers"],
  ]),
  ...changes("src/training/continual/replay_memory.ts", continual, [
    ["if (count === most) this.#full.add(c);", ""],
    ["places[this.#below(places.length)]", "this.#below(places.length)"],
  ]),
  ...changes("src/training/continual/replay_data.ts", continual, [
    ["(at * parts.current + i) % news.length", "i % news.length"],
  ]),
  ...changes("src/training/training_graph.ts", continual, [
    ["{ epsilon, ...renorm },", "{ epsilon, ...renorm, mostRatio: 1, mostShift: 0 },"],
  ]),
];
