import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const gradient = ["test/gradients"];
const conformance = ["test/conformance/train_test.ts"];
const formulas = ["test/training/formulas_test.ts"];
const refusing = ["test/training/trainer_refusals_test.ts"];
const trainer = ["test/training/trainer_test.ts"];
const settings = ["test/training/trainer_settings_test.ts"];
const accumulating = ["test/training/accumulate_test.ts"];
const augmenting = ["test/training/augmented_test.ts"];
const trainedPictures = ["test/cli/trained_test.ts"];

/** Differentiation, the instructions of training, losses, optimisers and the trainer. */
export const TRAINING_MUTATIONS: readonly Mutation[] = [
  ...changes("src/gradients/gradients.ts", gradient, [
    ["sum === undefined ? own : kept(to, build.add(sum, own))", "own"],
    ["input !== undefined && sensitive.has(input.id)", "input !== undefined"],
    ["if (product(value.shape) === 1) return", "if (true) return"],
    ["if (graph.has(each)) continue;", "continue;"],
  ]),
  ...changes("src/gradients/rules/convolution.ts", gradient, [
    [
      "{ x: y!, weight }, { ...attributes, extents }",
      "{ x: build.scale(y!, 2), weight }, { ...attributes, extents }",
    ],
    [
      "{ bias: () => sumOfPictures(build, y!) }",
      "{ bias: () => sumOfPictures(build, build.scale(y!, 2)) }",
    ],
    [
      "{ x, dy: y! }, { ...attributes, kernel }",
      "{ x, dy: build.scale(y!, 0) }, { ...attributes, kernel }",
    ],
  ]),
  ...changes("src/gradients/rules/mat_mul.ts", gradient, [
    [
      "? multiply(b, dy, { transposeB: true })",
      "? build.scale(multiply(b, dy, { transposeB: true }), 2)",
    ],
    [
      "? multiply(dy, a, { transposeA: true })",
      "? build.scale(multiply(dy, a, { transposeA: true }), 2)",
    ],
  ]),
  ...changes("src/gradients/rules/norms.ts", gradient, [
    [
      "return graph.apply(meanVarianceGradient, inputs, { center });",
      "return graph.apply(meanVarianceGradient, inputs, { center: true });",
    ],
    ["(mean ?? variance ?? inverse) !== undefined", "false"],
  ]),
  ...changes("src/gradients/rules/softmax.ts", gradient, [
    ["build.mul(build.sub(dy, rows), y)", "build.mul(dy, y)"],
  ]),
  ...changes("src/gradients/rules/attention.ts", gradient, [
    ["{ heads, scale: 1 }", "{ heads, scale: 2 }"],
  ]),
  ...changes("src/gradients/rules/scan.ts", gradient, [
    ["reverse ? 1 : -1", "reverse ? -1 : 1"],
  ]),
  ...changes("src/gradients/rules/extremes.ts", gradient, [
    ["build.scale(build.sub(a, b), -1), b, y!", "build.sub(a, b), b, y!"],
  ]),
  ...changes("src/engines/reference/conv_f32.ts", conformance, [
    ["taps.row(i, p), taps.column(j, q)", "taps.row(i, q), taps.column(j, p)"],
    ["if (bias !== undefined) sum = round(sum + bias.get(0, o));", ""],
    ["sum = round(sum + bias.get(0, o));", "sum = round(sum + 2 * bias.get(0, o));"],
    ["y.set(placeOf(y, b, i, j), o, sum);", "y.set(placeOf(y, b, i, j), o, NaN);"],
  ]),
  ...changes("src/engines/reference/conv_transpose_f32.ts", conformance, [
    ["if (h < 0 || w < 0) continue;", "if (h < 0) continue;"],
    ["areHalves ? sum : y.get(at, c) + sum", "sum"],
    ["Math.floor(place / columns) % rows, p", "Math.floor(place / columns) % rows, q"],
  ]),
  ...changes("src/engines/reference/conv_weight_gradient_f32.ts", conformance, [
    ["dy.get(b * rows * columns + place, o)", "dy.get(place, o)"],
    ["const first = Math.floor(o / perGroup) * depth;", "const first = 0;"],
  ]),
  ...changes("src/engines/reference/mean_variance_gradient_f32.ts", conformance, [
    [`op.attribute("center") === 0 ? 0 : mean(gradients)`, "mean(gradients)"],
  ]),
  ...changes("src/engines/reference/_taps.ts", conformance, [
    [`along("w", "pad_left", width)`, `along("w", "pad_top", width)`],
    ["at >= 0 && at < extent ? at : -1", "at >= 0 && at < extent - 1 ? at : -1"],
  ]),
  ...changes("src/engines/reference/_matmul.ts", conformance, [
    ["sum = sum === undefined ? block : add(sum, block);", "sum = block;"],
  ]),
  ...changes("src/engines/reference/matmul_tn_f32.ts", conformance, [
    ["matmul(op, true, false)", "matmul(op, false, false)"],
  ]),
  ...changes("src/engines/reference/_windows.ts", conformance, [
    ["x.get(best, channel) < x.get(at, channel)", "x.get(best, channel) <= x.get(at, channel)"],
  ]),
  ...changes("src/engines/reference/mean_variance_f32.ts", conformance, [
    ["const first = isCentered ? values[0] : 0;", "const first = 0;"],
  ]),
  ...changes("src/engines/reference/dropout_f32.ts", conformance, [
    [">= threshold", "> threshold"],
    ["first + row * x.columns + n", "row * x.columns + n"],
  ]),
  ...changes("src/engines/reference/_unary_functions.ts", conformance, [
    ["slope: (x) => x > 0 ? 1 : x < 0 ? -1 : 0,", "slope: (x) => x >= 0 ? 1 : -1,"],
    ["x <= -3 ? 0 : x < 3", "x < -3 ? 0 : x < 3"],
  ]),
  ...changes("src/training/losses/cross_entropy.ts", formulas, [
    ["on: 1 - smoothing + off, off", "on: 1 - smoothing, off"],
    ['if (reduction === "sum") return total;', ""],
    ["temperature * temperature / rows", "1 / rows"],
  ]),
  ...changes("src/training/optimizers/optimizer.ts", formulas, [
    ["decay: isDecoupled ? 0 : decay", "decay"],
    ['build.unary(second, "rsqrt")', 'build.unary(second, "sqrt")'],
    ["build.shift(build.scale(rate, -decay), 1)", "build.shift(build.scale(rate, decay), 1)"],
  ]),
  ...changes("src/training/optimizers/schedule.ts", formulas, [
    ["build.scalar(at - 0.5)", "build.scalar(at + 0.5)"],
    [
      "build.scale(rise(build, share), rate - min), min);\n}\n\nfunction oneCycle",
      "build.scale(rise(build, share), rate), min);\n}\n\nfunction oneCycle",
    ],
  ]),
  ...changes("src/training/optimizers/clipping.ts", formulas, [
    ["{ a: ratio, b: build.scalar(1) }", "{ a: ratio, b: build.scalar(2) }"],
  ]),
  ...changes("src/training/training_graph.ts", trainer, [
    ["statistics.push({ state: inputs.mean, x: trained.runningMean });", ""],
    ["if (isFrozen) return", "if (false) return"],
    ["words.count(run, update);", ""],
  ]),
  ...changes("src/training/_apply_gradients.ts", trainer, [
    ["clipNorm === undefined\n", "true\n"],
  ]),
  ...changes("src/training/_apply_gradients.ts", settings, [
    [
      "optimizerStep(build, own.optimizer, build.scale(rate, own.rate), next, when)",
      "optimizerStep(build, own.optimizer, rate, next, when)",
    ],
    [
      "movingAverage(build, state, updated, average)",
      "movingAverage(build, state, made[i], average)",
    ],
    ["? build.shift(plateau!.rate, 0)", "? plateau!.rate"],
  ]),
  ...changes("src/training/training_graph.ts", accumulating, [
    ["build.scale(forward.valueOf(settings.loss), 1 / times)", "forward.valueOf(settings.loss)"],
    ["for (const state of [...made, whole]) {", "for (const state of [whole]) {"],
  ]),
  ...changes("src/training/_accumulate_gradients.ts", accumulating, [
    ["rows * times <= BLOCK ? 1", "rows * times <= 0 ? 1"],
    ["ranges(x.shape[0] as number, 1)", "ranges(x.shape[0] as number, 8)"],
  ]),
  ...changes("src/training/_random_words.ts", accumulating, [
    ["[0, 0, 0, 0, elements, 0]", "[0, 0, 0, 0, 0, 0]"],
  ]),
  ...changes("src/gradients/rules/_sum_of_rows.ts", accumulating, [
    ["return build.reshape(sum, [columns]);", "return build.sumTo(x, [columns]);"],
  ]),
  ...changes("src/training/_batch_reader.ts", settings, [
    ["for (let i = 1; i <= prefetch; i++) {", "for (let i = 1; i < prefetch; i++) {"],
  ]),
  ...changes("src/training/augmented.ts", augmenting, [
    ["Math.floor(unit(word) * (2 * crop + 1)) - crop", "Math.floor(unit(word) * 2 * crop) - crop"],
    ["unit(2) < 0.5", "unit(0) < 0.5"],
    ["place.epoch, WORDS * example + word", "0, WORDS * example + word"],
  ]),
  ...changes("src/training/trained_pictures.ts", trainedPictures, [
    [
      "if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) {",
      "if (tensor?.data instanceof Float32Array) {",
    ],
  ]),
  ...changes("src/training/picture_facts.ts", trainedPictures, [
    ["if (!TINY_NETWORKS.includes(network))", "if (false)"],
    ["checkPreprocessing(preprocessing);", ""],
  ]),
  ...changes("src/training/training_curve.ts", ["test/training/training_curve_test.ts"], [
    ["return bottom - (bottom - top) * share;", "return top + (bottom - top) * share;"],
    ["sum / Math.min(i + 1, span)", "sum / span"],
  ]),
  ...changes("src/training/trainer.ts", trainer, [
    ["if (program !== this.#id) {", "if (false) {"],
    ["this.#place.cursor = cursor;", ""],
    ["if (Number.isFinite(loss)) return", "if (!Number.isNaN(step)) return"],
  ]),
  ...changes("src/training/epochs.ts", trainer, [
    ["signal?.throwIfAborted();\n        yield", "yield"],
  ]),
  ...changes("src/training/trainer.ts", accumulating, [
    ["this.#forgetRuns();\n      throw", "throw"],
  ]),
  ...changes("src/training/trainer.ts", refusing, [
    [
      'if (this.#place.isFitting) {\n      throw new FewbitError("invalid_argument", "Cannot restore',
      'if (false) {\n      throw new FewbitError("invalid_argument", "Cannot restore',
    ],
    ["this.#isStepping = true;", ""],
  ]),
  ...changes("src/training/checked_weights.ts", refusing, [
    ["checkType(`Cannot load weights: ${name}`, dtype, tensor.data);", ""],
  ]),
  ...changes("src/training/checkpoint.ts", refusing, [
    ["JSON.stringify([program, epoch, batch, kinds, ...said])", "JSON.stringify([program, kinds])"],
  ]),
  ...changes("src/training/checkpoint.ts", trainer, [
    ["if (crc32c !== checksum(checkpoint))", "if (false)"],
  ]),
  ...changes("src/training/gradcheck.ts", gradient, [
    ["const worst = errors.findIndex(Number.isNaN);", "const worst = -1;"],
    ["if (!(step > 0 && step < Infinity))", "if (false)"],
  ]),
  ...changes("src/training/trainer.ts", ["test/training/fast_test.ts"], [
    ["fast === false ? trainBuild() : await trainFastBuild(fast)", "trainBuild()"],
  ]),
  ...changes("src/cli/_unfit_options.ts", ["test/cli/train_language_test.ts"], [
    ["!unfit.includes(name) ||", ""],
    [`!== "cli") continue;`, `!== "") continue;`],
  ]),
];
