/** SmolLM2-135M-Instruct cut to its first blocks, and texts for them. */
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import type { LlamaConfig } from "../../src/models/llama_config.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { exportLearned } from "../../src/training/quantization/export_learned.ts";
import { readPrefix } from "../../src/training/quantization/fold_scales.ts";
import { LearnedLlama } from "../../src/training/quantization/learned_llama.ts";
import type { SiteBits } from "../../src/training/quantization/learned_llama.ts";
import { LearningStages } from "../../src/training/quantization/learning_stages.ts";
import type { Tensor } from "../../src/tensor.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { sharedPath } from "../shared.ts";

/** What the engine has on grids, each with one range; the others stay as they are. */
const SITES: SiteBits = {
  norm1: 8,
  q: 8,
  k: 8,
  v: 8,
  context: 8,
  norm2: 8,
  gate: 12,
  down: 8,
};
/** What stands before every text. */
export const PREFIX: readonly number[] = [0];
/** Ids of a window that blocks learn from, windows that ranges come from, and where the text ends that calibrates. */
const [LENGTH, CALIBRATION, END] = [256, 32, 163_840];
/** α of SmoothQuant, as in the paper. */
const ALPHA = 0.5;

/** What was learned of the first blocks. */
interface Progress {
  readonly done: number;
  readonly values: Readonly<Record<string, readonly number[]>>;
}

/** The first blocks of the model. */
export class SmollmBlocks {
  private constructor(
    /** With all blocks, and with the first. */
    readonly whole: TextCheckpoint,
    readonly cut: TextCheckpoint,
    readonly ids: Int32Array,
  ) {}

  static async open(depth: number): Promise<SmollmBlocks> {
    const whole = await openTextCheckpoint(
      `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`,
    );
    const { ids } = Tokenizer.fromJson(whole.tokenizer!, whole.tokenizerConfig)
      .encode(
        await Deno.readTextFile(sharedPath("data/wikitext-2-raw/wiki.test.raw")),
        { addSpecialTokens: false },
      );
    const weights = new Map(
      [...whole.weights].filter(([name]) => !(Number(/layers\.(\d+)/.exec(name)?.[1]) >= depth)),
    );
    const config = { ...whole.config, num_hidden_layers: depth };
    return new SmollmBlocks(whole, { ...whole, weights, config }, Int32Array.from(ids));
  }

  get config(): LlamaConfig {
    return llamaConfig(this.cut.config);
  }

  /** So many windows to learn from, all over the text that calibrates. */
  learned(count: number): number[][] {
    return Array.from({ length: count }, (_, w) => {
      const at = w * Math.floor((END - LENGTH) / count);
      return Array.from(this.ids.slice(at, at + LENGTH));
    });
  }

  /** SmoothQuant-Edge with ranges: where learning begins. */
  async smoothed(bits: "w4a8" | "w8a8"): Promise<LearnedLlama> {
    const model = new LearnedLlama(this.config, floats(this.cut), {
      sites: SITES,
      ...bits === "w4a8" ? { weightBits: 4 } : { weightBits: 8, symmetric: true, perRow: true },
      ranges: "log",
    });
    await readPrefix(model, PREFIX);
    const windows = this.learned(CALIBRATION);
    const smooth = await new LearningStages(model, windows).smooth(ALPHA);
    await new LearningStages(smooth, windows).calibrate();
    return smooth;
  }

  /** What was learned of so many blocks, as a file. */
  write({ values }: LearnedLlama, done: number): string {
    const own = [...values].filter(([name]) => Number(name.split(".")[1]) < done)
      .map(([name, of]) => [name, Array.from(of)]);
    return JSON.stringify({ done, values: Object.fromEntries(own) } satisfies Progress);
  }

  /** Takes over what a file has; how many blocks that is. */
  async read(model: LearnedLlama, file: string): Promise<number> {
    const text = await Deno.readTextFile(file).catch(() => undefined);
    if (text === undefined) return 0;
    const { done, values }: Progress = JSON.parse(text);
    for (const [name, of] of Object.entries(values)) model.take(name, Float32Array.from(of));
    return done;
  }
}

/** Weights by the names that graphs have for them. */
export function floats({ config, weights }: TextCheckpoint): Map<string, Float32Array> {
  return new Map(
    [...buildLlama(llamaConfig(config), weights).constants.values()]
      .filter(({ value }) => value.dtype === "f32")
      .map((constant) => [
        constant.value.name,
        constant.tensor(new Map()).data as Float32Array,
      ]),
  );
}

/** A checkpoint with the weights that a model has learned: their nearest codes are what was learned. */
export async function deployed(
  checkpoint: TextCheckpoint,
  model: LearnedLlama,
): Promise<TextCheckpoint> {
  const { weights: exported } = await exportLearned(model);
  const tensors = [...checkpoint.weights].map(([name, lazy]) => {
    const { shape, data } = lazy.read() as Tensor;
    const own = exported.get(name.replace(/^model\./, "")) ?? data as Float32Array;
    return [name, { dtype: "f32", shape, data: own.slice() }] as const;
  });
  return { ...checkpoint, weights: lazyWeights(new Map(tensors)) };
}
