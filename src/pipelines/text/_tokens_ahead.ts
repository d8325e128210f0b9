/**
 * Tokens that a GPU has drawn and read before anyone asks, several for one read-back, which takes longer than a
 * small step: where sampling is an instruction, an id need not be known to be read. They are those that come one by
 * one, because the same programs draw and read them.
 */
import type { Inputs, Outputs } from "../../engines/engine.ts";
import type { ChainedRun, GpuInstance } from "../../engines/webgpu/gpu_instance.ts";
import { floatLogits } from "./_float_logits.ts";
import { multiplesOf, SAMPLE } from "./_integer_sampler.ts";
import type { IntegerSampler } from "./_integer_sampler.ts";
import type { BatchSampler } from "./batch_model.ts";

/** Most tokens of a read-back. */
const MOST = 8;
/** What a read-back may take in milliseconds: text should not come in heaps, and an abort waits for it. */
const MOST_MS = 50;
/** The input of the sampler that a run before it has as output. */
const LOGITS = "sample.logits";

/** A session's tokens to come. Where each is a row, those that nobody wants are left behind by going back. */
export class TokensAhead {
  readonly #instance: GpuInstance;
  readonly #sampler: IntegerSampler;
  readonly #inputs: (past: number) => Inputs;
  /** Of each token the draw and what was read behind it. */
  #outputs: Outputs[] = [];
  /** How many are drawn at once; none where a single one takes too long. */
  #count = 1;

  /** @param inputs Where a token is read behind so many, but for its id. */
  constructor(instance: GpuInstance, sampler: IntegerSampler, inputs: (past: number) => Inputs) {
    this.#instance = instance;
    this.#sampler = sampler;
    this.#inputs = inputs;
  }

  /**
   * Draws an id and what comes next.
   *
   * @param past How many tokens the session has read.
   * @param room How many more it may read.
   */
  async draw(
    [past, room]: readonly [number, number],
    ...what: Parameters<BatchSampler["draw"]>
  ): Promise<number> {
    const [logits, draw, allowed] = what;
    const count = Math.min(this.#count, room);
    if (allowed !== undefined || count < 1) return await this.#sampler.draw(...what);
    if (this.#id === undefined) {
      const [low, high, draws, more] = draw.random;
      const runs: ChainedRun[] = [];
      for (let i = 0; i < count; i++) {
        const inputs = this.#sampler.inputs({ ...draw, random: [low, high, draws + i, more] });
        runs.push(
          i === 0 ? { entry: SAMPLE, inputs: { ...inputs, [LOGITS]: multiplesOf(logits) } } : {
            entry: SAMPLE,
            inputs,
            from: { [LOGITS]: "logits" },
            sizes: { [LOGITS]: logits.length },
          },
          { inputs: this.#inputs(past + i), from: { ids: "sample.id" } },
        );
      }
      const start = performance.now();
      this.#outputs = await this.#instance.runChain(runs);
      const ms = performance.now() - start;
      this.#count = ms > MOST_MS ? this.#count >> 1 : Math.min(2 * this.#count, MOST);
    }
    return this.#id!;
  }

  /** The logits behind the id that was drawn and is read next, where they are known already. */
  read(): Float32Array | undefined {
    const [, step] = this.#outputs.splice(0, 2);
    return step && floatLogits(step.logits);
  }

  /** Leaves behind what nobody has asked for: the session has read `past` tokens. */
  settle(past: number, slot: number): void {
    if (this.#id !== undefined) this.#instance.rewind(past, slot);
    this.#outputs = [];
  }

  get #id(): number | undefined {
    return this.#outputs[0]?.["sample.id"].data[0] as number | undefined;
  }
}
