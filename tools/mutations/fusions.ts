import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const of = (name: string, texts: readonly (readonly [find: string, replace: string])[]) =>
  changes(`src/lower/fusions/${name}.ts`, [`test/lower/fusions/${name}_test.ts`], texts);

/** Fusions: what they compute, and each condition. */
export const FUSION_MUTATIONS: readonly Mutation[] = [
  ...of("dual_norm", [
    [`expect(identity === undefined, "a residual is added");`, ""],
    [`expect(!lowering.isOutput(x), "the norm is an output");`, ""],
    ["lowering.readers(x).length === 2,", "true,"],
    ["of [node, first])", "of [node])"],
    ["shift2: second.shift,", "shift2: second.multiplier,"],
    [`expect(to !== "i32", "results have 32 bits");`, ""],
  ]),
  ...of("float_attention", [
    ["bias: lowering.optional(bias),", ""],
    ["mask: lowering.optional(softmax.inputs.mask),", ""],
    ["...add === undefined ? [] : [add]", ""],
  ]).map((mutation) => ({ ...mutation, tests: ["test/lower/rules/rules_test.ts"] })),
  ...of("integer_attention", [
    [`expect(arm.every((value) => lowering.isKnown(value)), "the bias is not constant");`, ""],
    [`expect(arm[0].shape.length === 3, "the bias is not [heads, queries, keys]");`, ""],
    ["second.inputs.multiplier.shape[0] === 1,", "true,"],
    [`expect(first.inputs.identity === undefined, "two biases are added");`, ""],
    ["[node, first, second].some(", "[node, second].some("],
    ["mask: lowering.optional(softmax.inputs.mask),", ""],
    ["softmax.attributes.bits === 8 ? 1 : 0", "0"],
    [
      "shift2: lowering.operand(second.inputs.shift),",
      "shift2: lowering.operand(second.inputs.identityShift!),",
    ],
  ]),
  ...of("integer_residual", [
    ['expect(to === "i16", `its results are ${to}`);', ""],
    [`expect(identity.shape.length === x.shape.length, "the residual repeats");`, ""],
    [`expect(inner.inputs.zeroPoint === undefined, "the layer has a zero point");`, ""],
    [
      'expect(inner.attributes.to === "i16", `the layer\'s results are ${inner.attributes.to}`);',
      "",
    ],
    ["multiplier2: second.multiplier,", "multiplier2: lowering.operand(identityMultiplier!),"],
  ]),
  ...of("linear_residual", [
    [`expect(sameShape(a.shape, b.shape), "the residual repeats");`, ""],
    ["emitLinear(lowering, linear, y, b);", "emitLinear(lowering, linear, y);"],
  ]),
  ...of("norm_quantize", [
    ['expect(!lowering.isOutput(x), `"${x.name}" is an output`);', ""],
    ['expect(other === undefined, `${other?.op} reads "${x.name}"`);', ""],
  ]),
  ...of("requantized_sums", [
    [`expect(identity === undefined, "it adds a residual");`, ""],
    [`zeroPoint === undefined || op === "LinearInteger",`, "true,"],
    [`expect(to === "i8" || !op.startsWith("Attention"), "its results have 16 bits");`, ""],
    [`|| op === "LinearInteger" || op === "LayerNormInteger",`, `|| !op.startsWith("Attention"),`],
  ]),
  ...of("table", [
    [`expect(table.shape[0] === 1, "channels have tables of their own");`, ""],
    [`expect(inner.inputs.identity === undefined, "a residual is added");`, ""],
  ]),
  ...of("ternary_residual", [
    [`expect(sameShape(a.shape, b.shape), "the residual repeats");`, ""],
    ["{ norm, identity: b }", "{ norm }"],
    ["[layer, ...norm === undefined ? [] : [norm]]", "[layer]"],
  ]),
];
