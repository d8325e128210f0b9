/** The integer network of weights that change, forward, while observers watch its sites. */
import { load } from "../engines/load.ts";
import { NORMALIZED } from "../models/deit.ts";
import { calibrateRuns } from "../quantize/calibrate.ts";
import type { IntegerNetwork } from "../quantize/integer_network.ts";
import { MovingMinMax } from "../quantize/observer.ts";
import type { MovingRange, Observer } from "../quantize/observer.ts";
import type { Tensor } from "../tensor.ts";

/** What observers have seen so far. */
export interface Watched {
  /** Of each site. */
  readonly ranges: ReadonlyMap<string, MovingRange>;
  /** float32 scales that followed from it. */
  readonly scales: ReadonlyMap<string, number>;
}

/** What a pass of the network gives. */
export interface Forward {
  /** Codes by I-ViT's names, those that were asked for. */
  readonly taps: ReadonlyMap<string, Tensor>;
  /** `[pictures, classes]`. */
  readonly logits: Float32Array;
  /** float32 scales of the sites. */
  readonly scales: ReadonlyMap<string, number>;
}

/** What a pass is made with. */
interface Pass {
  readonly network: IntegerNetwork;
  /** Normalised pictures `[batch, channels, height, width]`. */
  readonly images: Float32Array;
  readonly batch: number;
  /** Whether a tap is wanted. */
  readonly wants: (name: string) => boolean;
}

/** Observers of the sites of a network. */
export class WatchedForward {
  readonly #observers: Map<string, MovingMinMax> = new Map();
  #scales: ReadonlyMap<string, number> = new Map();

  /** What has been seen; none of it changes later. */
  get watched(): Watched {
    const seen = [...this.#observers].filter(([, { range }]) => range !== undefined);
    return {
      ranges: new Map(seen.map(([name, { range }]) => [name, range!])),
      scales: this.#scales,
    };
  }

  /** Goes back to what was seen, or on from what another saw. */
  set watched({ ranges, scales }: Watched) {
    this.#observers.clear();
    for (const [name, range] of ranges) this.#observerOf(name).range = range;
    this.#scales = scales;
  }

  /** Runs a batch that observers take up, so that scales move. */
  async watch(pass: Pass): Promise<Forward> {
    const forward = await run(pass, (name) => this.#observerOf(name));
    this.#scales = forward.scales;
    return forward;
  }

  /** Runs a batch by the ranges that were seen before. Nothing changes. */
  async evaluate(pass: Pass): Promise<Forward> {
    return await run(pass, (name) => ({
      looksAtExtremes: true,
      observe: () => this.#observerOf(name).magnitude,
    }));
  }

  #observerOf(name: string): MovingMinMax {
    const observer = this.#observers.get(name) ?? new MovingMinMax();
    this.#observers.set(name, observer);
    return observer;
  }
}

async function run(
  { network, images, batch, wants }: Pass,
  observer: (name: string) => Observer,
): Promise<Forward> {
  const taps = new Map<string, Tensor>();
  let logits = new Float32Array();
  const symbols = { batch };
  const scales = await calibrateRuns(
    network,
    [{ inputs: { image: images }, symbols, samples: batch }],
    {
      entry: NORMALIZED,
      symbols: { max_batch: batch },
      load: (program, symbols) => load(program, { symbols }),
      observer,
      onTap: (name, read) => void (wants(name) && taps.set(name, read())),
      onOutputs: (outputs) => logits = outputs.logits.data as Float32Array<ArrayBuffer>,
    },
  );
  return { taps, logits, scales };
}
