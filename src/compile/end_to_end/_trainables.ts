/** All that is learned, as one vector, and Adam on it. */
import { FewbitError } from "../../errors.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import type { DecoderGrids } from "../../quantize/decoder_grids.ts";
import { cosineAndSine } from "../../numeric/phase.ts";
import { BLOCK_LINEARS } from "../../training/quantization/llama_block.ts";
import type { LearningState } from "./learning_state.ts";
import { LEARNED_SITES, learnedOf, READS } from "./_student_block.ts";
import { MODULES } from "./_student_constants.ts";
import type { StudentConstants } from "./_student_constants.ts";

/** Learning rates: of factors that are 1 at first, of logarithms of scales, of biases. */
export interface LearningRates {
  readonly rows: number;
  readonly gains: number;
  readonly scales: number;
  readonly biases: number;
}

/** The rates of the measured recipe. */
export const RATES: LearningRates = { rows: 1e-3, gains: 1e-3, scales: 1e-3, biases: 5e-5 };

const { sqrt } = Math;
const BETAS = [0.9, 0.99] as const;
const EPSILON = 1e-8;
/** Of windows of a step whose rates are added: twice the rate learns as much from half as many steps (bench/SMOLLM2.md). */
const MOST_SHARE = 2;
/** Steps in which the rate rises, and what is left of it at the end. */
const [WARM_UP, LEAST] = [8, 0.1];

/** A part of the vector. */
interface Part {
  readonly name: string;
  readonly at: number;
  readonly length: number;
  readonly rate: number;
}

/** What is learned of a model; `layers.N.` before the names of a block, and `gain` of the last norm. */
export class Trainables {
  readonly values: Float32Array<ArrayBuffer>;
  readonly gradient: Float32Array<ArrayBuffer>;
  /** First and second moments. */
  readonly moments: readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
  /** Steps so far. */
  steps = 0;
  readonly #parts: ReadonlyMap<string, Part>;

  /** @param grids Where scales begin; without them all values are to be written. */
  constructor(config: LlamaConfig, grids: DecoderGrids["grids"] | undefined, rates: LearningRates) {
    const parts = new Map<string, Part>();
    let at = 0;
    const add = (name: string, length: number, rate: number): void => {
      parts.set(name, { name, at, length, rate });
      at += length;
    };
    for (let layer = 0; layer < config.depth; layer++) {
      for (const [name, length] of learnedOf(config)) {
        const rate = name.startsWith("row.")
          ? rates.rows
          : name.startsWith("bias.")
          ? rates.biases
          : name.startsWith("gain.")
          ? rates.gains
          : rates.scales;
        add(`layers.${layer}.${name}`, length, rate);
      }
    }
    add("gain", config.width, rates.gains);
    this.#parts = parts;
    this.values = new Float32Array(at);
    this.gradient = new Float32Array(at);
    this.moments = [new Float32Array(at), new Float32Array(at)];
    for (const { name } of parts.values()) {
      if (/(row|gain)(\.|$)/.test(name)) this.of(name).fill(1);
    }
    for (let layer = 0; grids !== undefined && layer < config.depth; layer++) {
      for (const site of LEARNED_SITES) {
        const [scale] = grids.get(`layers.${layer}.${site}`)!.scales;
        this.of(`layers.${layer}.scale.${site}`)[0] = Math.log(scale);
      }
    }
  }

  /** Biases that the grids have already. */
  startBiases({ layers }: StudentConstants, { grids, biases }: DecoderGrids): void {
    for (const [layer, { inputs }] of layers.entries()) {
      for (const name of BLOCK_LINEARS) {
        const own = biases?.get(`layers.${layer}.${MODULES[name]}`);
        const [scale] = grids.get(`layers.${layer}.${READS[name]}`)!.scales;
        const unit = inputs[`unit.${name}`];
        own?.forEach((bias, i) =>
          this.of(`layers.${layer}.bias.${name}`)[i] = bias * unit[i] * scale
        );
      }
    }
  }

  /** A copy of what a step changes. */
  snapshot(): Pick<LearningState, "steps" | "values" | "means" | "squares"> {
    const [means, squares] = this.moments;
    return {
      steps: this.steps,
      values: this.values.slice(),
      means: means.slice(),
      squares: squares.slice(),
    };
  }

  /**
   * Goes on from a copy.
   *
   * @throws {FewbitError} `invalid_file` where it is of another model.
   */
  restore({ steps, values, means, squares, best }: LearningState): void {
    if ([values, means, squares, best].some(({ length }) => length !== this.values.length)) {
      throw new FewbitError("invalid_file", "Cannot go on learning: the state is another model's");
    }
    this.steps = steps;
    this.values.set(values);
    this.moments[0].set(means);
    this.moments[1].set(squares);
  }

  /** The values of a part, or a vector as long as them. */
  of(name: string, vector: Float32Array<ArrayBuffer> = this.values): Float32Array<ArrayBuffer> {
    const { at, length } = this.#parts.get(name)!;
    return vector.subarray(at, at + length);
  }

  /** Adds to the gradient of a part. */
  give(name: string, gradient: ArrayLike<number>, factor = 1): void {
    const sums = this.of(name, this.gradient);
    for (let i = 0; i < sums.length; i++) sums[i] += gradient[i] * factor;
  }

  /** What the rate is multiplied with in a step of so many. */
  static share(step: number, steps: number): number {
    if (step < WARM_UP) return (step + 1) / WARM_UP;
    const done = Math.min(1, (step - WARM_UP) / Math.max(1, steps - WARM_UP));
    // Half a turn, by the cosine that is the same on every host.
    const [cosine] = cosineAndSine(Math.round(done * 2 ** 31) | 0);
    return LEAST + (1 - LEAST) * (1 + cosine) / 2;
  }

  /** A step of Adam, of so many, on windows whose mean the gradient is; it is 0 again. */
  update(steps: number, batch: number): void {
    const share = Trainables.share(this.steps, steps) * Math.min(batch, MOST_SHARE);
    this.steps++;
    const [first, second] = BETAS.map((beta) => 1 - power(beta, this.steps));
    const [means, squares] = this.moments;
    for (const { at, length, rate } of this.#parts.values()) {
      for (let i = at; i < at + length; i++) {
        const g = this.gradient[i];
        means[i] = BETAS[0] * means[i] + (1 - BETAS[0]) * g;
        squares[i] = BETAS[1] * squares[i] + (1 - BETAS[1]) * g * g;
        this.values[i] -= rate * share * (means[i] / first) / (sqrt(squares[i] / second) + EPSILON);
      }
    }
    this.gradient.fill(0);
  }
}

/** `base^exponent` by products, which every host rounds alike. */
function power(base: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= base;
  return product;
}
