import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const exact = ["test/training/quantization_test.ts"];
const ranges = ["test/training/learned_ranges_test.ts"];
const blocks = ["test/training/learning_stages_test.ts"];
const stages = ["test/cli/quantize_stages_test.ts"];
const threads = ["test/quantize/learning_thread_test.ts"];
const adapters = ["test/pipelines/lora_checkpoints_test.ts"];

/** Quantisation that is learned: its gradients, equivalent scales, end to end on frozen codes, the command. */
export const LEARNED_QUANTIZATION_MUTATIONS: readonly Mutation[] = [
  ...changes("src/gradients/rules/extremes.ts", exact, [
    ["build.div(y!, graph.apply(reduceSum, { x: isLargest }))", "y!"],
  ]),
  ...changes("src/training/quantization/fake_quantization.ts", exact, [
    ["least: 1 - 2 ** (bits - 1)", "least: -(2 ** (bits - 1))"],
  ]),
  ...changes("src/training/quantization/fake_quantization.ts", ranges, [
    ["build.shift(build.scale(zero, -1), code)", "build.shift(zero, code)"],
    [`build.unary(build.div(x, scale), "round")`, "build.div(x, scale)"],
  ]),
  ...changes("src/training/quantization/fake_quantization.ts", ranges, [
    [`build.unary(zero, "round")`, "zero"],
  ]),
  ...changes("src/training/quantization/weight_clipping.ts", ranges, [
    [`build.unary(logit, "sigmoid")`, "logit"],
  ]),
  ...changes("src/training/quantization/equivalent_scales.ts", exact, [
    ["divided(columns(weights.up, norm2), up)", "columns(weights.up, norm2)"],
    ["columns(weights.o, values && perQuery(values))", "weights.o"],
    ["build.expand(build.reshape(pairs, [count, 1]), 2)", "build.expand(pairs, 2)"],
  ]),
  ...changes("src/training/quantization/equivalent_scales.ts", blocks, [
    ["keys: build.mul(keys, bothOf(build, scales.pairs))", "keys"],
    ["values: build.div(values, scales.values)", "values"],
  ]),
  ...changes("src/training/quantization/fold_scales.ts", blocks, [
    ["  made.setPrefix(prefix);\n", ""],
  ]),
  ...changes("src/training/quantization/learned_llama.ts", blocks, [
    ["Math.imul(before + t,", "Math.imul(t,"],
    ["weightBits === 4 || perRow ||", "weightBits === 4 ||"],
  ]),
  ...changes("src/training/quantization/learning_stages.ts", blocks, [
    ["layer >= layers.from", "true"],
    ["wanted[c])) / squares(wanted)", "wanted[c]))"],
  ]),
  ...changes("src/training/quantization/export_learned.ts", [
    "test/training/export_learned_test.ts",
  ], [
    ["Math.max(least, Math.min(most, w))", "Math.min(most, w)"],
    ["Math.max(up, -down)", "up"],
    ["low + most * scale", "most * scale"],
  ]),
  ...changes("src/training/losses/divergence.ts", ranges, [
    [`build.mul(build.unary(logs, "exp"), others)`, `build.unary(logs, "exp")`],
  ]),
  ...changes("src/training/quantization/llama_block.ts", stages, [
    ["Math.floor(i / rows) + before", "Math.floor(i / rows)"],
  ]),
  ...changes("src/compile/end_to_end/_student_block.ts", stages, [
    ["const factor = build.mul(unit, scales.get(READS[name])!);", "const factor = unit;"],
  ]),
  ...changes("src/compile/end_to_end/_trainables.ts", stages, [
    ["this.values[i] -= rate", "this.values[i] += rate"],
  ]),
  ...changes("src/compile/end_to_end/_learning_lanes.ts", threads, [
    ["sum.map((g) => g / windows.length)", "sum.map((g, i) => g / this.count)"],
    ["sum[i] += gradient[i]", "sum[i] = gradient[i]"],
  ]),
  ...changes("src/compile/end_to_end/learning_thread.ts", threads, [
    ["    learned.gradient.fill(0);\n", ""],
  ]),
  ...changes("src/quantize/learned_params.ts", stages, [
    ["(word) => word * LEARNED_STEP", "() => 1"],
  ]),
  ...changes("src/cli/_learn_stage.ts", stages, [
    ["names[0] === STAGES[0] &&", ""],
    ["if (ms > 0) return ms;", "return ms;"],
  ]),
  ...changes("src/checkpoints/lora_folder.ts", adapters, [
    ["isRooted === true ? Math.sqrt(Number(r)) : Number(r)", "Number(r)"],
    ["checkpoint.config.rope_interleaved === true", "false"],
    ["if (!plain.includes(config[name]))", "if (false)"],
  ]),
];
