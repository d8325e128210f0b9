import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const early = ["test/graph/select_early_test.ts"];
const refusing = ["test/graph/graph_test.ts", "test/graph/refusals_test.ts"];
const building = ["test/graph/graph_test.ts"];
const expanding = ["test/graph/expand_activations_test.ts"];

/** The graph, and passes from Graph to Graph. */
export const GRAPH_MUTATIONS: readonly Mutation[] = [
  ...changes("src/graph/select_early.ts", early, [
    ["outputsOf(node).length > 1 || isRowLocal?.(inputs) === false", "outputsOf(node).length > 1"],
    ["outputsOf(node).length > 1 || isRowLocal", "isRowLocal"],
    ["(other !== undefined && other !== wanted)", "false"],
    ["const key = `${value.id}|${at}`;", "const key = `${value.id}`;"],
    ["if (joined !== undefined && localInputs(joined, producers).length === 0) return [];", ""],
    ["inputs[name].shape.length === rank", "true"],
    [": whole.has(id)", ": false"],
    ["for (const output of outputsOf(node)) whole.add(output.id);", ""],
  ]),
  ...changes("src/graph/ops/softmax.ts", early, [
    ["isRowLocal: ({ mask }) => mask === undefined,", ""],
  ]),
  ...changes("src/graph/ops/softmax_integer.ts", early, [
    ["isRowLocal: ({ mask }) => mask === undefined,", ""],
  ]),
  ...changes("src/graph/ops/add.ts", early, [[`rowLocal: ["a", "b"],`, `rowLocal: ["a"],`]]),
  ...changes("src/graph/ops/attention_values.ts", early, [
    [`  joins: "p",\n`, ""],
    [`rowLocal: ["p"],`, `rowLocal: ["p", "v"],`],
  ]),
  ...changes("src/graph/ops/attention_scores.ts", early, [
    [`rowLocal: ["q"],`, `rowLocal: ["q", "k"],`],
  ]),
  ...changes("src/graph/ops/layer_norm_integer.ts", early, [[`rowLocal: ["x"],`, ""]]),
  ...changes("src/graph/ops/slice_columns.ts", ["test/graph/ops_test.ts"], [["b <= last", "true"]]),
  ...changes("src/graph/ops/pool_rows.ts", ["test/graph/ops_test.ts"], [
    ["plus: extent.plus - 1", "plus: extent.plus"],
  ]),
  ...changes("src/graph/ops/requantize.ts", early, [
    [`rowLocal: ["x", "identity"],`, `rowLocal: ["x"],`],
  ]),
  ...changes("src/graph/_checks.ts", refusing, [
    ["if (unknown !== undefined) {", "if (false) {"],
    ["if (elementCount(shape) !== data.length) {", "if (false) {"],
    ["if (!(data instanceof DTYPE_ARRAYS[dtype])) {", "if (false) {"],
    ["if (isKnown(value)) return", "if (true) return"],
    ["value === undefined || isStored(value)", "true"],
    ["if (symbols.has(symbol) || isMost(symbol, symbols)) continue;", "continue;"],
    ["dtype === value.dtype && sameShape(shape, value.shape)", "true"],
  ]),
  ...changes("src/graph/attribute.ts", refusing, [
    ["Number.isInteger(value) &&", ""],
    ["if (values.includes(value)) return;", "return;"],
  ]),
  ...changes("src/graph/graph.ts", building, [
    [`i === 0 ? output : ""`, "output"],
    ["graph.#next = this.#next;", ""],
    ["for (const [id, check] of this.checks) graph.checks.set(id, check);", ""],
    ["for (const [id, tensor] of this.initial) graph.initial.set(id, tensor);", ""],
    ["if (initial !== undefined) this.#setInitial(value, initial);", ""],
    ["[of, x && input(x, of)]", "[of, x]"],
    ["if (this.#names.has(name)) {", "if (false) {"],
    [`kind: "run", defaultMax }`, `kind: "run", defaultMax: limit }`],
  ]),
  ...changes("src/graph/extent.ts", building, [
    [" && a.plus === b.plus", ""],
    ["a.length === b.length && ", ""],
    ["plus: extent.plus * factor", "plus: extent.plus"],
  ]),
  ...changes("src/graph/traversal.ts", ["test/graph/traversal_test.ts"], [
    ["if (!outputsOf(node).some(", "if (!outputsOf(node).every("],
    ["of new Set(inputsOf(node))", "of inputsOf(node)"],
    ["return nodes.reverse();", "return nodes;"],
  ]),
  ...changes("src/graph/expand_activations.ts", expanding, [
    ["f(x + STEP / 2) - f(x - STEP / 2)", "f(x + STEP) - f(x)"],
    ["known.set(kind, tables);", ""],
    ["b: side(-1) }", "b: side(1) }"],
    [", {}, { output: outputs.y.name });", ");"],
  ]),
  ...changes("src/graph/rewrite.ts", expanding, [
    ["graph.output(name, valueOf(value), entry);", "graph.output(name, valueOf(value));"],
  ]),
];
