/** Adapters of a language model as PEFT (Hugging Face) writes them, merged into the weights that they stand beside. */
import { FewbitError } from "../errors.ts";
import { openSafetensors } from "../formats/safetensors_file.ts";
import { float32 } from "../models/weights.ts";
import type { LazyTensor } from "../tensor.ts";
import { mergeAdapters } from "../training/adapters.ts";
import { readJson } from "./checkpoint_folder.ts";
import type { TextCheckpoint } from "./text_checkpoint.ts";

/** What stands before the names of a model in a file of adapters. */
const BEFORE = "base_model.model.";
/** Settings that change what is added, and the values that change nothing. */
const PLAIN: Readonly<Record<string, readonly unknown[]>> = {
  peft_type: ["LORA"],
  bias: ["none", undefined],
  fan_in_fan_out: [false, undefined],
  use_dora: [false, undefined],
  use_qalora: [false, undefined],
  // Others take what they begin with out of the weights, so that adapters are beside others than those of the checkpoint.
  init_lora_weights: [true, false, "gaussian", "eva", "orthogonal", null, undefined],
  ...Object.fromEntries(
    [
      "modules_to_save",
      "layer_replication",
      "target_parameters",
      "alora_invocation_tokens",
      "use_bdlora",
      "arrow_config",
    ].map((name) => [name, [null, undefined]]),
  ),
};

/** The two small weights beside one. */
interface Pair {
  A?: LazyTensor;
  B?: LazyTensor;
}

/**
 * A checkpoint with adapters in its weights: `weight + scale·B·A`, scale `lora_alpha / r`, or `lora_alpha / √r` with
 * `use_rslora`; each is merged when it is read.
 *
 * @param folder Has adapter_config.json and adapter_model.safetensors.
 * @throws {FewbitError} `not_found` without these files, or where a weight is missing; `unsupported` for adapters of
 * another kind, or a checkpoint whose rows have another order than PEFT knows (GGUF); `shape_mismatch` for another rank than
 * `r`, or when a weight is read that its adapter does not suit.
 */
export async function withLora(
  checkpoint: TextCheckpoint,
  folder: string,
): Promise<TextCheckpoint> {
  const config = await readJson(`${folder}/adapter_config.json`);
  if (config === undefined) {
    throw new FewbitError(
      "not_found",
      `Cannot read adapters: ${folder} has no adapter_config.json`,
    );
  }
  for (const [name, plain] of Object.entries(PLAIN)) {
    if (!plain.includes(config[name])) refuse(`${name} is ${JSON.stringify(config[name])}`);
  }
  for (const name of ["rank_pattern", "alpha_pattern"]) {
    if (Object.keys(Object(config[name])).length > 0) refuse(`${name} is not empty`);
  }
  if (checkpoint.config.rope_interleaved === true) {
    refuse("the rows of q and k are not in the order of Hugging Face");
  }
  const { r, lora_alpha: alpha, use_rslora: isRooted = false } = config;
  if (!(Number.isInteger(r) && Number(r) > 0 && Number.isFinite(alpha))) {
    throw new FewbitError("invalid_file", `Cannot read adapters: r is ${r}, lora_alpha ${alpha}`);
  }
  const scale = Number(alpha) / (isRooted === true ? Math.sqrt(Number(r)) : Number(r));
  const pairs = pairsOf(openSafetensors(`${folder}/adapter_model.safetensors`));
  const weights = new Map(checkpoint.weights);
  for (const [module, { A, B }] of pairs) {
    const name = `${module}.weight`;
    const base = weights.get(name);
    if (base === undefined) {
      throw new FewbitError("not_found", `Cannot use adapters: the checkpoint has no "${name}"`);
    }
    if (A === undefined || B === undefined) {
      throw new FewbitError("invalid_file", `Cannot read adapters: "${module}" has one of two`);
    }
    if (A.shape[0] !== r) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot use adapters: that of "${module}" has rank ${A.shape[0]}, r is ${r}`,
      );
    }
    // Of a head that has the weights of the embedding, those of its own are not read.
    if (module === "lm_head" && checkpoint.config.tie_word_embeddings === true) {
      refuse("the head has the weights of the embedding, and only the head an adapter");
    }
    weights.set(name, {
      dtype: "f32",
      shape: base.shape,
      read: () => merged(name, base, A, B, scale),
    });
  }
  const { skipped } = checkpoint.weights as { skipped?: unknown };
  return {
    ...checkpoint,
    weights: Object.assign(weights, skipped !== undefined && { skipped }),
  };
}

/** Adapters by the names of their modules in the model. */
function pairsOf(tensors: ReadonlyMap<string, LazyTensor>): Map<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const [name, tensor] of tensors) {
    const [, module, which] = /^(.*)\.lora_([AB])(?:\.default)?\.weight$/.exec(name) ?? [];
    if (module === undefined || !module.startsWith(BEFORE)) refuse(`it has "${name}"`);
    const key = module.slice(BEFORE.length);
    const pair = pairs.get(key) ?? {};
    pair[which as "A" | "B"] = tensor;
    pairs.set(key, pair);
  }
  if (pairs.size === 0) {
    throw new FewbitError("invalid_file", "Cannot read adapters: there is none");
  }
  return pairs;
}

function merged(name: string, base: LazyTensor, A: LazyTensor, B: LazyTensor, scale: number) {
  const tensor = ({ shape, read }: LazyTensor, of: string) =>
    ({ dtype: "f32", shape, data: float32(read(), of) }) as const;
  const [a, b] = [`${name}.A`, `${name}.B`];
  const tensors = new Map([
    [name, tensor(base, name)],
    [a, tensor(A, a)],
    [b, tensor(B, b)],
  ]);
  return mergeAdapters(tensors, [{ weight: name, a, b, scale }]).get(name)!;
}

function refuse(why: string): never {
  throw new FewbitError("unsupported", `Cannot use adapters: ${why}`);
}
