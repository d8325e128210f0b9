/** Adapters in PEFT's files beside a language model: merged when a weight is read, or refused in words. */
import assert from "node:assert/strict";
import { withLora } from "../../src/checkpoints/lora_folder.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import type { Tensor } from "../../src/tensor.ts";

const Q = "model.layers.0.self_attn.q_proj";
const [OUTPUTS, INPUTS, RANK] = [3, 2, 2];

const tensor = (shape: number[], ...data: number[]): Tensor => ({
  dtype: "f32",
  shape,
  data: Float32Array.from(data),
});

const WEIGHT = tensor([OUTPUTS, INPUTS], 1, 2, 3, 4, 5, 6);
const ADAPTERS = new Map([
  [`base_model.model.${Q}.lora_A.weight`, tensor([RANK, INPUTS], 1, 0, 0, 2)],
  [`base_model.model.${Q}.lora_B.weight`, tensor([OUTPUTS, RANK], 1, 0, 0, 1, 2, -1)],
]);
const CONFIG = { peft_type: "LORA", r: RANK, lora_alpha: 4, bias: "none" };

async function merged(
  config: Record<string, unknown> | undefined,
  adapters: ReadonlyMap<string, Tensor> = ADAPTERS,
  model: Record<string, unknown> = {},
  alpha?: string,
): Promise<number[]> {
  const folder = await Deno.makeTempDir();
  try {
    if (config !== undefined) {
      const text = JSON.stringify(config).replace('"lora_alpha":4', (was) => alpha ?? was);
      await Deno.writeTextFile(`${folder}/adapter_config.json`, text);
    }
    await Deno.writeFile(`${folder}/adapter_model.safetensors`, writeSafetensors(adapters));
    const weights = lazyWeights(
      new Map([
        [`${Q}.weight`, WEIGHT],
        ["lm_head.weight", WEIGHT],
        ["other.weight", tensor([1], 7)],
      ]),
    );
    const made = await withLora({ config: model, weights }, folder);
    assert.deepEqual([...made.weights.keys()], [...weights.keys()]);
    assert.equal(made.weights.get("other.weight"), weights.get("other.weight"));
    const read = made.weights.get(`${Q}.weight`)!.read() as Tensor;
    assert.deepEqual(read.shape, WEIGHT.shape);
    return [...read.data as Float32Array];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("adapters of PEFT: weight + alpha/r·B·A, or alpha/√r", async () => {
  // B·A = [1 0; 0 2; 2 −2].
  assert.deepEqual(await merged(CONFIG), [3, 2, 3, 8, 9, 2]);
  const rooted = await merged({ ...CONFIG, lora_alpha: 2 * Math.SQRT2, use_rslora: true });
  assert.deepEqual(rooted, [3, 2, 3, 8, 9, 2]);
  // As PEFT writes them where nothing is asked for.
  const plain = { init_lora_weights: true, use_qalora: false, alora_invocation_tokens: null };
  const silent = { layer_replication: null, target_parameters: null, arrow_config: null };
  assert.deepEqual(await merged({ ...CONFIG, ...plain, ...silent }), [3, 2, 3, 8, 9, 2]);
  const named = new Map(
    [...ADAPTERS].map(([name, of]) => [name.replace(".weight", ".default.weight"), of]),
  );
  assert.deepEqual(await merged(CONFIG, named), [3, 2, 3, 8, 9, 2]);
});

Deno.test("adapters of PEFT: what is not done is refused", async () => {
  const cases: [string, RegExp, Parameters<typeof merged>][] = [
    ["not_found", /no adapter_config.json/, [undefined]],
    ["unsupported", /use_dora is true/, [{ ...CONFIG, use_dora: true }]],
    ["unsupported", /peft_type is "IA3"/, [{ ...CONFIG, peft_type: "IA3" }]],
    ["unsupported", /bias is "all"/, [{ ...CONFIG, bias: "all" }]],
    ["unsupported", /init_lora_weights is "pissa_niter_4"/, [
      { ...CONFIG, init_lora_weights: "pissa_niter_4" },
    ]],
    ["unsupported", /init_lora_weights is "olora"/, [{ ...CONFIG, init_lora_weights: "olora" }]],
    ["unsupported", /use_qalora/, [{ ...CONFIG, use_qalora: true }]],
    ["unsupported", /alora_invocation_tokens is \[1,2\]/, [
      { ...CONFIG, alora_invocation_tokens: [1, 2] },
    ]],
    ["unsupported", /layer_replication/, [{ ...CONFIG, layer_replication: [[0, 2], [1, 2]] }]],
    ["shape_mismatch", /has rank 2, r is 8/, [{ ...CONFIG, r: 8 }]],
    ["invalid_file", /lora_alpha Infinity/, [CONFIG, ADAPTERS, {}, '"lora_alpha":1e999']],
    ["unsupported", /the head has the weights of the embedding/, [
      CONFIG,
      new Map([...ADAPTERS].map(([name, of]) => [name.replace(Q, "lm_head"), of])),
      { tie_word_embeddings: true },
    ]],
    ["unsupported", /rank_pattern/, [{ ...CONFIG, rank_pattern: { q_proj: 4 } }]],
    ["unsupported", /rows of q and k/, [CONFIG, ADAPTERS, { rope_interleaved: true }]],
    ["invalid_file", /r is 0/, [{ ...CONFIG, r: 0 }]],
    ["invalid_file", /there is none/, [CONFIG, new Map()]],
    ["invalid_file", /has one of two/, [CONFIG, new Map([...ADAPTERS].slice(1))]],
    ["unsupported", /it has "x"/, [CONFIG, new Map([["x", tensor([1], 1)]])]],
    [
      "not_found",
      /has no "model.layers.9/,
      [CONFIG, new Map([...ADAPTERS].map(([name, of]) => [name.replace(".0.", ".9."), of]))],
    ],
    [
      "shape_mismatch",
      /does not suit/,
      [CONFIG, new Map([...ADAPTERS].map(([name]) => [name, tensor([RANK, 1], 1, 1)]))],
    ],
  ];
  for (const [code, message, args] of cases) {
    await assert.rejects(merged(...args), { code, message });
  }
});
