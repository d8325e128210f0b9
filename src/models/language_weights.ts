/** The tensors of a language model's checkpoint, checked by name, type and extents before use. */
import { FewbitError } from "../errors.ts";
import type { LazyWeight } from "../formats/ternary/ternary_tensor.ts";
import type { LazyTensor, Tensor } from "../tensor.ts";
import { skippedOf, unreadable } from "./checkpoint_weights.ts";
import { finiteFloat32 } from "./weights.ts";

/** Tensors of a checkpoint by name, read when they are needed. */
export type LazyWeights = ReadonlyMap<string, LazyWeight>;

/** Weights of −1, 0 and 1 in the order of the tensor, and what each is worth. */
export interface Trits {
  readonly trits: Int8Array;
  readonly scale: number;
}

/** Tensors in memory as tensors that are read when they are needed. */
export function lazyWeights(weights: ReadonlyMap<string, Tensor>): LazyWeights {
  const lazy = new Map(
    [...weights].map(([name, tensor]) => [name, {
      dtype: tensor.dtype,
      shape: tensor.shape,
      read: () => tensor,
    }]),
  );
  return Object.assign(lazy, { skipped: skippedOf(weights) });
}

/** Types in which checkpoints of language models are stored. */
const STORED: readonly string[] = ["f32", "f16", "bf16"];

/**
 * Tensors under the names of their library, whatever stands before them: `model.` for a whole model,
 * nothing for the bare network, more where a wrapper (`module.`, `_orig_mod.`) was saved.
 */
export class LanguageWeights {
  readonly #weights: LazyWeights;
  readonly #model: string;
  readonly #head: string;
  readonly #used: Set<string> = new Set();

  /**
   * Finds the prefix by the embedding, which every checkpoint has.
   *
   * @param embedding Its name without a prefix.
   */
  constructor(weights: LazyWeights, embedding: string) {
    this.#weights = weights;
    const found = [...weights.keys()].filter((name) =>
      name === embedding || name.endsWith(`.${embedding}`)
    );
    if (found.length !== 1) {
      throw new FewbitError(
        "not_found",
        `Cannot build model: expected one tensor "model.${embedding}", found ${found.length}`,
      );
    }
    this.#model = found[0].slice(0, -embedding.length);
    this.#head = this.#model.replace(/(^|\.)model\.$/, "$1");
  }

  /** A tensor of the network as it is stored. */
  stored(name: string, shape: readonly number[]): LazyTensor {
    const whole = `${this.#model}${name}`;
    const { dtype, read } = this.#checked(whole, shape);
    const checked = (): Tensor => {
      const tensor = read();
      finiteFloat32(tensor, whole);
      return tensor;
    };
    return { dtype, shape, read: checked };
  }

  /** A tensor of the network as float32. */
  float(name: string, shape: readonly number[]): LazyTensor {
    return this.#float(`${this.#model}${name}`, shape);
  }

  /**
   * A ternary tensor of the network with one scale.
   *
   * @param ternarize Makes trits of floats; absent where the checkpoint has to have trits.
   */
  ternary(
    name: string,
    shape: readonly number[],
    ternarize?: (latents: Float32Array) => Trits,
  ): () => Trits {
    const whole = `${this.#model}${name}`;
    const readTernary = this.#weights.get(whole)?.readTernary;
    if (readTernary === undefined && ternarize === undefined) {
      this.#checked(whole, shape);
      throw new FewbitError(
        "dtype_mismatch",
        `Cannot build model: "${whole}" holds floats, expected ternary weights as the other layers`,
      );
    }
    if (readTernary === undefined) {
      const { read } = this.#float(whole, shape);
      return () => ternarize!(read().data as Float32Array);
    }
    this.#checked(whole, shape, ["f32", "u8"]);
    return () => {
      const { trits, scales } = readTernary();
      if (scales.length === 1) return { trits, scale: scales[0] };
      throw new FewbitError(
        "unsupported",
        `Cannot build model: "${whole}" has ${scales.length} scales, expected one for all weights`,
      );
    };
  }

  /** A tensor of the head (`lm_head.…`) as float32. */
  head(name: string, shape: readonly number[]): LazyTensor {
    return this.#float(`${this.#head}${name}`, shape);
  }

  /** Accepts a tensor that the network has and does not use. */
  ignore(name: string): void {
    this.#used.add(`${this.#model}${name}`).add(`${this.#head}${name}`);
  }

  /** Refuses a checkpoint with tensors that nothing used: biases, more layers than the config has. */
  assertAllUsed(): void {
    for (const name of [...this.#weights.keys(), ...skippedOf(this.#weights).keys()]) {
      if (this.#used.has(name)) continue;
      throw new FewbitError(
        "unsupported",
        `Cannot build model: nothing in a model of this config uses the tensor "${name}"`,
      );
    }
  }

  #checked(name: string, shape: readonly number[], dtypes = STORED): LazyTensor {
    const tensor = this.#weights.get(name);
    const kind = skippedOf(this.#weights).get(name);
    if (kind !== undefined) throw unreadable(name, kind);
    if (tensor === undefined) {
      throw new FewbitError(
        "not_found",
        `Cannot build model: the checkpoint has no tensor "${name}"`,
      );
    }
    if (!dtypes.includes(tensor.dtype)) {
      throw new FewbitError(
        "dtype_mismatch",
        `Cannot build model: "${name}" is ${tensor.dtype}, expected ${dtypes.join(", ")}`,
      );
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((e, i) => e !== shape[i])) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot build model: "${name}" is [${tensor.shape}], expected [${shape}]`,
      );
    }
    this.#used.add(name);
    return tensor;
  }

  #float(name: string, shape: readonly number[]): LazyTensor {
    const { read } = this.#checked(name, shape);
    return {
      dtype: "f32",
      shape,
      read: () => ({ dtype: "f32", shape, data: finiteFloat32(read(), name) }),
    };
  }
}
