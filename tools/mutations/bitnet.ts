import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const model = ["test/models/bitnet_test.ts"];
const damaged = ["test/models/bitnet_damaged_test.ts"];
const rules = ["test/lower/rules/rules_test.ts"];

/** Llamas with ternary weights: their files, their network, their rounding. */
export const BITNET_MUTATIONS: readonly Mutation[] = [
  ...changes("src/models/bitnet_config.ts", damaged, [
    [`activations: ["relu2"]`, `activations: ["relu2", "silu"]`],
    [`if ((given(quantization, ["use_rms_norm"]) ?? false) !== false) {`, "if (false) {"],
    ["left.some((name) => !NOT_CONVERTED.includes(name))", "false"],
  ]),
  ...changes("src/models/bitnet_config.ts", model, [
    [`return isOnline ? "latent" : scale;`, "return scale;"],
  ]),
  ...changes("src/models/bitnet_weights.ts", damaged, [
    ["if (weightScale === undefined) {", "if (false) {"],
    ["shape: [4 * tensor.shape[0], tensor.shape[1]],", "shape: tensor.shape,"],
  ]),
  ...changes("src/models/language_weights.ts", damaged, [
    ["if (readTernary === undefined && ternarize === undefined) {", "if (false) {"],
    ["if (scales.length === 1) return", "return"],
  ]),
  ...changes("src/models/bitnet.ts", model, [
    ["isApart ? interleaveHalves(made.trits, shape, heads) : made.trits", "made.trits"],
    ["`${at}.self_attn.attn_sub_norm`", "`${at}.input_layernorm`"],
    ["this.#linear(inner, `${at}.mlp.down_proj`", "this.#linear(m, `${at}.mlp.down_proj`"],
    ["if (this.#done.has(name)) return;", ""],
  ]),
  ...changes("src/models/_bitnet_head.ts", model, [
    ["data: rows!.scales", "data: rows!.scales.map(() => 1)"],
  ]),
  ...changes("src/compile/text.ts", damaged, [
    ['(head === "int8" ? 1 : 4) * table', "0"],
  ]),
  ...changes("src/engines/reference/quantize_rows_i8.ts", rules, [
    ["roundHalfEven(v)", "Math.round(v)"],
    ["max > LEAST_MAXIMUM ? max : LEAST_MAXIMUM", "max"],
  ]),
  ...changes("src/engines/reference/relu_squared_glu_f32.ts", rules, [
    ["Math.max(gate.get(row, c), 0)", "gate.get(row, c)"],
  ]),
  ...changes("src/engines/reference/dequantize_rows_f32.ts", rules, [
    ["/ alpha.get(row, 0)", "/ alpha.get(0, 0)"],
  ]),
  ...changes("src/lower/fusions/codes_residual.ts", ["test/lower/fusions/codes_residual_test.ts"], [
    [`expect(sameShape(a.shape, b.shape), "the residual repeats");`, ""],
  ]),
  ...changes("src/checkpoints/_gguf_llama.ts", ["test/pipelines/bitnet_checkpoints_test.ts"], [
    [`metadata.has("tokenizer.ggml.model")`, "false"],
    ["rope_interleaved: false", "rope_interleaved: true"],
  ]),
];
