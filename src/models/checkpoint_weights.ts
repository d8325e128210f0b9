/** The tensors of a checkpoint under the names that a builder uses, and whether all were used. */
import { FewbitError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** Names of tensors that could not be read, and what they are. */
export type Skipped = ReadonlyMap<string, string>;

/** What a reader skipped, if it says so (`TensorMap`). */
export function skippedOf(weights: object): Skipped {
  const { skipped } = weights as { readonly skipped?: unknown };
  return skipped instanceof Map ? skipped : new Map();
}

/** The error of a tensor that is needed and could not be read. */
export function unreadable(name: string, kind: string): FewbitError {
  return new FewbitError(
    "unsupported",
    `Cannot build model: "${name}" is ${kind}, which is not supported`,
  );
}

/** Tensors under a builder's names. Getting one uses it. */
export class CheckpointWeights extends Map<string, Tensor> {
  /** Names in the file. */
  readonly #origins: Map<string, string> = new Map();
  readonly #used: Set<string> = new Set();
  readonly #skipped: Map<string, { readonly origin: string; readonly kind: string }> = new Map();

  /** Adds a tensor under a builder's name. */
  add(name: string, tensor: Tensor, origin: string): void {
    const other = this.#origins.get(name);
    if (other !== undefined) {
      throw new FewbitError(
        "unsupported",
        `Cannot build model: the tensors "${other}" and "${origin}" are both "${name}"`,
      );
    }
    super.set(name, tensor);
    this.#origins.set(name, origin);
  }

  /** Notes a tensor that could not be read. */
  skip(name: string, kind: string, origin: string): void {
    this.#skipped.set(name, { origin, kind });
  }

  /** A tensor, which is used by that. A tensor that could not be read is refused by name. */
  override get(name: string): Tensor | undefined {
    this.#used.add(name);
    const skipped = this.#skipped.get(name);
    if (skipped !== undefined) throw unreadable(skipped.origin, skipped.kind);
    return super.get(name);
  }

  /**
   * Refuses a checkpoint with tensors that no part of the model has used and that are not known to be
   * without effect.
   *
   * @param unused What may be left: buffers, heads that are not read.
   */
  assertAllUsed(unused: readonly RegExp[]): void {
    const isKnown = (name: string): boolean =>
      this.#used.has(name) || unused.some((pattern) => pattern.test(name));
    const skipped = [...this.#skipped].map(([name, { origin }]) => [name, origin] as const);
    for (const [name, origin] of [...this.#origins, ...skipped]) {
      if (isKnown(name)) continue;
      throw new FewbitError(
        "unsupported",
        `Cannot build model: nothing in a model of this config uses the tensor "${origin}"`,
      );
    }
  }
}
