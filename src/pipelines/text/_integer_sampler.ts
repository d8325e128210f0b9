/** The sampler of a program: its entry `sample`, which hosts without JavaScript have, too. */
import { expectTensor } from "../../engines/expect_tensor.ts";
import type { Inputs, Instance } from "../../engines/engine.ts";
import { FewbitError } from "../../errors.ts";
import type { IntegerDraw } from "../../text/integer_draw.ts";

/** The name of the entry. */
export const SAMPLE = "sample";

/** Draws ids by a program that can. */
export class IntegerSampler {
  readonly #instance: Instance;
  /** All ids allowed. */
  readonly #all: Int32Array;

  private constructor(instance: Instance, vocabularySize: number) {
    this.#instance = instance;
    this.#all = new Int32Array(Math.ceil(vocabularySize / 32)).fill(-1);
  }

  /** The sampler of a program; `undefined` where it has none. */
  static of(instance: Instance, vocabularySize: number): IntegerSampler | undefined {
    return instance.program.entries.some(({ name }) => name === SAMPLE)
      ? new IntegerSampler(instance, vocabularySize)
      : undefined;
  }

  /**
   * Draws an id.
   *
   * @param logits Multiples of 1/4096 below 2^12.
   * @param mask Bit `id mod 32` of word `id >> 5` allows an id. Default: all are.
   * @throws {FewbitError} `invalid_argument` where no id is allowed.
   */
  async draw(logits: Float32Array, draw: IntegerDraw, mask?: Int32Array): Promise<number> {
    const inputs = { "sample.logits": multiplesOf(logits), ...this.inputs(draw, mask) };
    const outputs = await this.#instance.run(inputs, { entry: SAMPLE });
    const [id] = expectTensor(outputs, "sample.id", "i32").data;
    if (id >= 0) return id;
    throw new FewbitError("invalid_argument", "Cannot generate text: no id is allowed");
  }

  /** Inputs of the entry, but for the logits. */
  inputs(
    { rate, topK, topP, minP, random }: IntegerDraw,
    mask: Int32Array = this.#all,
  ): Inputs {
    return {
      "sample.rate": Int32Array.of(rate),
      "sample.top_k": Int32Array.of(topK),
      "sample.top_p": Int32Array.of(topP),
      "sample.min_p": Int32Array.of(minP),
      "sample.random": Int32Array.from(random),
      "sample.mask": this.#whole(mask),
    };
  }

  /** Ids behind the last word are not allowed. */
  #whole(mask: Int32Array): Int32Array {
    if (mask.length === this.#all.length) return mask;
    const whole = new Int32Array(this.#all.length);
    whole.set(mask.subarray(0, whole.length));
    return whole;
  }
}

/** Logits as multiples of 1/4096. A loop: `Int32Array.from` with a function takes as long as a fifth of a step. */
export function multiplesOf(logits: Float32Array): Int32Array {
  const multiples = new Int32Array(logits.length);
  for (let id = 0; id < logits.length; id++) multiples[id] = logits[id] * 4096;
  return multiples;
}
