import assert from "node:assert/strict";
import { compileTextModel } from "../../src/compile/text.ts";
import { llamaConfig, parametersOf } from "../../src/models/llama_config.ts";

const CONFIG = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  vocab_size: 49152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100_000,
  tie_word_embeddings: true,
  // Without effect.
  attention_dropout: 0,
  initializer_range: 0.04,
  use_cache: true,
  pretraining_tp: 1,
  torch_dtype: "bfloat16",
};

Deno.test("llama config: SmolLM2's", () => {
  assert.deepEqual(llamaConfig(CONFIG), {
    vocabularySize: 49152,
    width: 576,
    depth: 30,
    hidden: 1536,
    heads: 9,
    kvHeads: 3,
    headSize: 64,
    context: 8192,
    epsilon: 1e-5,
    theta: 100_000,
    interleaved: false,
    tied: true,
  });
});

Deno.test("llama config: parameters are those of SmolLM2, and more than a memory holds is refused", async () => {
  assert.equal(parametersOf(llamaConfig(CONFIG)), 134_515_008);
  const large = { ...CONFIG, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 8 };
  await assert.rejects(compileTextModel(new Map(), { config: large }), {
    code: "limit_exceeded",
    message: /weights take 8104\.\d+ MB in float32, a program has less than 4294/,
  });
});

Deno.test("llama config: what is left out is as the library's class has it", () => {
  const { vocab_size, hidden_size, intermediate_size, num_hidden_layers } = CONFIG;
  const sizes = { vocab_size, hidden_size, intermediate_size, num_hidden_layers };
  const least = { model_type: "llama", num_attention_heads: 9, ...sizes };
  const { kvHeads, headSize, context, epsilon, theta, tied } = llamaConfig(least);
  assert.deepEqual([kvHeads, headSize, context, epsilon, theta, tied], [
    9,
    64,
    2048,
    1e-6,
    10_000,
    false,
  ]);
  const rope = { rope_theta: 5e5, rope_type: "default" };
  assert.equal(llamaConfig({ ...least, rope_parameters: rope }).theta, 5e5);
  assert.equal(llamaConfig({ ...least, rope_scaling: null, rope_theta: 7 }).theta, 7);
  assert.equal(llamaConfig({ ...least, head_dim: 32 }).headSize, 32);
});

const REFUSED: readonly (readonly [change: object, code: string, message: RegExp])[] = [
  [{ model_type: "mistral" }, "unsupported", /"mistral".*expected LlamaForCausalLM/],
  [{ architectures: ["LlamaForSequenceClassification"] }, "unsupported", /LlamaForSequence/],
  [{ rope_scaling: { rope_type: "llama3", factor: 8 } }, "unsupported", /rope_scaling.*llama3/],
  [{ rope_scaling: { type: "linear", factor: 2 } }, "unsupported", /rope_scaling.*linear/],
  [{ rope_scaling: "yarn" }, "unsupported", /rope_scaling "yarn"/],
  [{ rope_parameters: { rope_type: "yarn" } }, "unsupported", /rope_parameters.*yarn/],
  [{ rope_parameters: { partial_rotary_factor: 0.5 } }, "unsupported", /partial_rotary_factor/],
  [{ partial_rotary_factor: 0.25 }, "unsupported", /partial_rotary_factor 0.25/],
  [{ attention_bias: true }, "unsupported", /attention_bias true/],
  [{ mlp_bias: true }, "unsupported", /mlp_bias true/],
  [{ hidden_act: "gelu" }, "unsupported", /hidden_act "gelu"/],
  [{ sliding_window: 4096 }, "unsupported", /sliding_window 4096/],
  [{ quantization_config: { quant_method: "gptq" } }, "unsupported", /quantization_config/],
  [{ auto_map: {} }, "unsupported", /auto_map/],
  [{ num_key_value_heads: 2 }, "invalid_file", /2 num_key_value_heads do not divide 9/],
  [{ num_attention_heads: 10, num_key_value_heads: 10 }, "invalid_file", /head_dim is 57.6/],
  [{ head_dim: 63 }, "invalid_file", /heads of 63 channels/],
  [{ head_dim: 2048 }, "invalid_file", /head_dim is 2048, expected up to 1024/],
  [{ hidden_size: undefined }, "invalid_file", /hidden_size/],
  [{ vocab_size: 2 ** 21 }, "invalid_file", /vocab_size is 2097152/],
  [{ rms_norm_eps: 2 }, "invalid_file", /rms_norm_eps is 2/],
  [{ rope_theta: -1 }, "invalid_file", /rope_theta/],
  [{ tie_word_embeddings: "yes" }, "invalid_file", /tie_word_embeddings/],
];

for (const [change, code, message] of REFUSED) {
  Deno.test(`llama config: ${JSON.stringify(change)} is refused`, () => {
    assert.throws(() => llamaConfig({ ...CONFIG, ...change }), { code, message });
  });
}
