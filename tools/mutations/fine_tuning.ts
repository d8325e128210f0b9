import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const adapters = ["test/training/lora_test.ts"];
const selections = ["test/training/fine_tuning_test.ts"];
const starts = ["test/training/start_weights_test.ts"];
const commandLine = ["test/cli/finetune_test.ts"];
const reading = ["test/models/trained_vision_test.ts"];

/** Adapters, selections of parameters, weights to begin with, and the commands that use them. */
export const FINE_TUNING_MUTATIONS: readonly Mutation[] = [
  ...changes("src/training/lora.ts", adapters, [
    ["const scaled = build.scale(narrow, scale);", "const scaled = narrow;"],
    ["bound: 1 / Math.sqrt(", "bound: 4 / Math.sqrt("],
    ["uniform(seed, LORA_STREAM)", "uniform(0, LORA_STREAM)"],
    ["(node.attributes.group ?? 1) === 1 &&", "true &&"],
    ["{ name: node.name, output: node.outputs.y.name }", "{}"],
    ["if (adapters.length === 0) {", "if (false) {"],
  ]),
  ...changes("src/training/adapters.ts", adapters, [
    ["w.data[at] + scale * sums[i]", "w.data[at] + sums[i]"],
    ["wide.data[row * rank + r]", "wide.data[r * outputs + row]"],
    [
      "Number(weights) !== weightsOf(network, new Set(tensors.keys()), adapters)",
      "weights === undefined",
    ],
    ["tensors.get(`${name}${AVERAGE}`) ?? tensors.get(name)", "tensors.get(name)"],
    ["wide.data.length === outputs * rank", "true"],
  ]),
  ...changes("src/training/fine_tuning.ts", selections, [
    ["!words.some((word) => /^(norm|blocks|full)/.test(word))", "false"],
    ["head.every((parameter) => parameter.name !== name)", "true"],
    ["block <= Number(last)", "block < Number(last)"],
    ["if (found.length === 0) {", "if (false) {"],
    ["read(({ inputs }) => [inputs.bias])", "read(({ inputs }) => [inputs.bias, inputs.scale])"],
  ]),
  ...changes("src/training/start_weights.ts", starts, [
    ["mean - Number(bias.data[i])", "mean"],
    ["isNew(start.name) ? fresh(start)", "true ? fresh(start)"],
    ["tensor.shape.join() === shape.join()", "true"],
  ]),
  ...changes("src/training/tiny_classifier.ts", starts, [
    ["setStatistics(graph, start.weights);", ""],
    ["const always = (name: string): boolean => head.has(name);", "const always = () => false;"],
  ]),
  ...changes("src/training/trained_pictures.ts", starts, [
    ["mergeAdapters(stored, adaptersOf(metadata))", "stored"],
  ]),
  ...changes("src/cli/finetune.ts", commandLine, [
    ["const changed = [...tuning.trained, ...statistics];", "const changed = statistics;"],
  ]),
  ...changes("src/checkpoints/trained_vision.ts", reading, [
    ["num_heads: sizes.heads", "num_heads: 1"],
    ["label_names: labels,", ""],
  ]),
];
