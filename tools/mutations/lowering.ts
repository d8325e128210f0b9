import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const rules = ["test/lower/rules/rules_test.ts"];
const whole = ["test/lower/lowering_test.ts"];
const fusion = (name: string) => [`test/lower/fusions/${name}_test.ts`];

/** Rules, and the state of lowering. */
export const LOWERING_MUTATIONS: readonly Mutation[] = [
  ...changes("src/lower/rules/float.ts", rules, [
    ["beta: lowering.optional(inputs.bias),", ""],
    [`if (mask !== undefined) throw new FewbitError("unsupported", "Softmax with a mask");`, ""],
    ["bias: lowering.optional(bias),", ""],
  ]),
  ...changes("src/lower/constants.ts", rules, [
    ["(index.data[i] as number) * heads + h", "(index.data[i] as number) + h * heads"],
    ["data[h * pairs + i]", "data[i * heads + h]"],
  ]),
  ...changes("src/lower/rules/rows.ts", rules, [
    ["[a, b, c] : [c, a, b]", "[a, b, c] : [c, b, a]"],
    ["order: first ? 1 : 0", "order: first ? 0 : 1"],
  ]),
  ...changes("src/lower/rules/views.ts", rules, [
    ["offset: plus(placed.offset, start)", "offset: start"],
  ]),
  ...changes("src/lower/placed.ts", rules, [
    ["return { ...placed, extents };", "return { ...placed, extents, rowStride: wanted };"],
  ]),
  ...changes("src/lower/placed.ts", whole, [
    ["offset: plus(placed.offset, row === 0 ? 0 : first)", "offset: row === 0 ? 0 : first"],
    ["product([rows, placed.rowStride])", "product(placed.extents.slice(-2))"],
  ]),
  ...changes("src/lower/rules/sequences.ts", rules, [
    [`attributes.pooling === "first" ? 1 : 0`, `attributes.pooling === "first" ? 0 : 1`],
    [
      "position_shift: lowering.operand(inputs.positionShift)",
      "position_shift: lowering.operand(inputs.positionMultiplier)",
    ],
    ["k: planes(k)", "k: planes(q)"],
    [
      "value_shift: lowering.operand(inputs.valueShift)",
      "value_shift: lowering.operand(inputs.shift)",
    ],
  ]),
  ...changes("src/lower/rules/ternary.ts", rules, [
    ["lower_bound: lowering.optional(inputs.lowerBound),", ""],
    ["past: lowering.operand(inputs.past)", "past: lowering.operand(inputs.slot)"],
    ["u: lowering.operand(inputs.u)", "u: lowering.operand(inputs.z)"],
    ["gate: lowering.operand(gate)", "gate: lowering.operand(up)"],
  ]),
  ...changes("src/lower/rules/ternary.ts", fusion("norm_quantize"), [
    ["offset: times(rows, at * columns),", "offset: 0,"],
    ["offset: times(rows, at),", "offset: 0,"],
    ["attributes.epsilon === epsilon", "true"],
    ["float32(lowering, norm.attributes.epsilon)", "float32(lowering, epsilon)"],
  ]),
  ...changes("src/lower/rules/integer.ts", rules, [["mask: lowering.optional(mask),", ""]]),
  ...changes("src/lower/integer_operands.ts", rules, [
    [
      "q: lowering.operand(q), k: lowering.operand(k)",
      "q: lowering.operand(k), k: lowering.operand(q)",
    ],
    ["bias: lowering.optional(bias),", ""],
    ["...(zeroPoint && { zero_point: lowering.operand(zeroPoint) }),", ""],
  ]),
  ...changes("src/lower/integer_operands.ts", whole, [[
    "weightBits === 7 ?",
    "weightBits === 6 ?",
  ]]),
  ...changes("src/lower/integer_operands.ts", fusion("integer_attention"), [
    ["requantize(code, multiplier, shift)", "requantize(code, multiplier, shift, 1)"],
  ]),
  ...changes("src/lower/lowering.ts", whole, [
    ["if (this.#outputNames.has(value.id)) this.#read.add(value.id);", "if (false) {}"],
    [
      "if (tensor !== undefined && placed?.tensor === tensor) continue;",
      "if (tensor !== undefined) continue;",
    ],
    [
      "isCopied ? undefined : this.#outputNames.get(value.id)",
      "this.#outputNames.get(value.id)",
    ],
    ["    this.quantized.clear();\n", ""],
    ["default: defaultMax,", "default: 1,"],
    ["this.tensors.set(value.id, tensor);", ""],
    ["for (const { id } of [values].flat()) this.instructions.set(id, instruction);", ""],
    ['name: kind === "load" ? name : `max_${name}`,', "name: `max_${name}`,"],
    [`initial === undefined ? { encoding: "zero" }`, `true ? { encoding: "zero" }`],
    ["(!this.options.parameters || constant.derivedFrom.length === 0)", "true"],
    ["const key = `${value.id}|${layout}`;", "const key = `${value.id}`;"],
  ]),
  ...changes("src/lower/lowering.ts", fusion("requantized_sums"), [
    ["expect(!this.#outputNames.has(value.id), `${described(value)} is an output`);", ""],
    ["expect(readers.length === 1,", "expect(readers.length >= 1,"],
  ]),
  ...changes("src/lower/lowering.ts", fusion("dual_norm"), [
    ["return this.#nodes[at - 1] === other;", "return true;"],
  ]),
  ...changes("src/lower/lower.ts", fusion("integer_residual"), [
    ["for (const node of nodes.toReversed()) {", "for (const node of nodes) {"],
    ["for (const taken of match.nodes) absorbed.add(taken);", ""],
    ["reports.push({ fusion: fusion.name, at, entry, reason: match });", ""],
  ]),
  ...changes("src/lower/lower.ts", whole, [
    ["if (entries.size === 0) throw", "if (false) throw"],
    ["[value, order[tensor]]", "[value, tensor]"],
    ["options.outputs ?? graph.outputs", "graph.outputs"],
  ]),
  ...changes("src/lower/updates.ts", ["test/lower/order_test.ts"], [
    ["find((value) => stored.has(value))", "find(() => false)"],
    ["node?.definition.isView === true ?", "false ?"],
    ["this.#updated.has(this.#memoryOf(value))", "false"],
  ]),
  ...changes("src/lower/lowering.ts", ["test/lower/outputs_test.ts"], [
    ["expect(reads === 1,", "expect(reads >= 1,"],
    [`filter(({ shape }) => shape.startsWith("* "))`, "filter(() => false)"],
    ["if (!this.graph.constants.has(value.id)) {", "if (false) {"],
  ]),
  ...changes("src/lower/constants.ts", ["test/lower/outputs_test.ts"], [
    ["Number(row) >= 0 && Number(row) < rows", "true"],
  ]),
  ...changes("src/lower/constants.ts", ["test/quantize/attention_test.ts"], [
    ["(index.data[i] as number) * heads + h", "(index.data[i] as number) + h"],
  ]),
  ...changes("src/lower/compile.ts", whole, [
    ["expandActivations(selectEarly(graph))", "expandActivations(graph)"],
    ["fuse: false }", "fuse: true }"],
    ["output.entry === taps.entry", "true"],
    ["!names.has(name)", "true"],
  ]),
];
