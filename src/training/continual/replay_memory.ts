/** Which examples a memory of few places keeps. */
import { randomWord } from "../../numeric/random_word.ts";
import { shuffle } from "../../numeric/shuffle.ts";

/** `NEWS`, `SLOT`, `RESV`: streams of random numbers. */
const NEW_STREAM = 0x4e455753, SLOT_STREAM = 0x534c4f54, RESERVOIR_STREAM = 0x52455356;

/** A new example that goes to a place. */
export interface Placed {
  /** Its number among the new ones. */
  readonly example: number;
  /** The place, from 0 on; what was there is forgotten. */
  readonly slot: number;
}

/**
 * Which of `count` new examples go where after experience `i`: `h = min(⌊size/(i + 1)⌋, count)` of them, drawn without
 * replacement; free places are filled first, then ones that are drawn among all (latent replay, Pellegrini et al., 2020).
 *
 * @param size Places.
 * @param filled Places that hold something.
 */
export function randomSlots(
  { size, filled, count, experience, seed }: {
    readonly size: number;
    readonly filled: number;
    readonly count: number;
    readonly experience: number;
    readonly seed: number;
  },
): Placed[] {
  const kept = Math.min(Math.floor(size / (experience + 1)), count);
  const chosen = shuffle(count, seed, NEW_STREAM, experience).subarray(0, kept);
  const free = Math.min(size - filled, kept);
  const replaced = shuffle(filled + free, seed, SLOT_STREAM, experience).subarray(0, kept - free);
  return [...chosen].map((example, i) => ({
    example,
    slot: i < free ? filled + i : replaced[i - free],
  }));
}

/**
 * A class-balanced reservoir (Chrysakis and Moens, 2020): one example after the other. While places are free it takes
 * them; then one of a class that never was the largest replaces one of the largest class, and one of a class that was
 * replaces one of its own class, with the probability `kept of the class / seen of the class`.
 */
export class BalancedReservoir {
  readonly #size: number;
  readonly #seed: number;
  /** Class of what each place holds. */
  readonly #classes: number[] = [];
  readonly #seen: Map<number, number> = new Map();
  readonly #full: Set<number> = new Set();
  #drawn = 0;

  /**
   * @param size Places.
   * @param seed Of what is replaced.
   */
  constructor(size: number, seed: number) {
    this.#size = size;
    this.#seed = seed;
  }

  /** Class of what each place holds. */
  get classes(): readonly number[] {
    return this.#classes;
  }

  /** The place that an example of a class gets; `undefined` where it is not kept. */
  offer(label: number): number | undefined {
    const seen = (this.#seen.get(label) ?? 0) + 1;
    this.#seen.set(label, seen);
    if (this.#classes.length < this.#size) {
      this.#classes.push(label);
      return this.#classes.length - 1;
    }
    const counts = new Map<number, number>();
    for (const c of this.#classes) counts.set(c, (counts.get(c) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [c, count] of counts) if (count === most) this.#full.add(c);
    if (!this.#full.has(label)) {
      const largest = [...counts].filter(([, count]) => count === most).map(([c]) => c);
      return this.#replace(largest[this.#below(largest.length)], label);
    }
    const kept = counts.get(label) ?? 0;
    return this.#below(seen) < kept ? this.#replace(label, label) : undefined;
  }

  /** Puts an example of a class where one of another is. */
  #replace(old: number, label: number): number {
    const places = [...this.#classes.keys()].filter((i) => this.#classes[i] === old);
    const slot = places[this.#below(places.length)];
    this.#classes[slot] = label;
    return slot;
  }

  /** A random whole number below another. */
  #below(most: number): number {
    const word = randomWord(this.#seed, RESERVOIR_STREAM, 0, this.#drawn++);
    return Number(BigInt(word) * BigInt(most) >> 32n);
  }
}
