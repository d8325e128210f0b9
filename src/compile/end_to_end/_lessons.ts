/** What the teacher says of all windows: asked once, so that its memory is free when the student learns. */
import { load } from "../../engines/load.ts";
import type { SyncInstance } from "../../engines/engine.ts";
import { compile } from "../../lower/compile.ts";
import { buildLlama } from "../../models/llama.ts";
import { shuffle } from "../../numeric/shuffle.ts";
import type { StudentSource } from "./_student_constants.ts";
import { teach } from "./_teacher.ts";
import type { TaughtWindow } from "./_teacher.ts";

/** Tokens of a window behind which the teacher is asked, at most. */
const ASKED = 128;
/** The stream of random numbers of their places. */
const PLACES = 0x504c4143;

/** A teacher. */
export class Lessons implements Disposable {
  private constructor(
    private readonly instance: SyncInstance,
    private readonly prefix: readonly number[],
    private readonly tokens: number,
  ) {}

  /** @param tokens Ids of a window. */
  static async open(
    { config, weights, grids: { prefix: { ids } } }: StudentSource,
    tokens: number,
  ): Promise<Lessons> {
    const all = ids.length + tokens;
    const instance: SyncInstance = await load(compile(buildLlama(config, weights)), {
      symbols: { max_tokens: all, max_rows: Math.min(ASKED, tokens), context: all },
    });
    return new Lessons(instance, ids, tokens);
  }

  /** @param number Of the window: places follow from it. */
  teach(ids: Int32Array, number: number): TaughtWindow {
    const places = shuffle(this.tokens, 0, PLACES, number).slice(0, ASKED).sort();
    return teach(this.instance, this.prefix, ids, places);
  }

  [Symbol.dispose](): void {
    this.instance[Symbol.dispose]();
  }
}
