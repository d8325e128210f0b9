/** What may be computed again in a schedule, and what memory is taken if it is. */
import { writtenBy } from "./early_updates.ts";
import { newestBefore } from "./schedule.ts";
import type { Schedule, Turn, Version } from "./schedule.ts";
import { inputsOf } from "./traversal.ts";

/** Turns that nodes have once more. */
export interface Recomputation {
  /** The turn before which they have it. */
  readonly at: number;
  /** Turns of theirs so far, in order. */
  readonly again: readonly Turn[];
}

/** Most nodes behind one another that are computed again for one value. */
const DEPTH = 24;
/** Most nodes that are computed again for one value at once. */
const LONGEST = 48;
/** How many times smaller than what is to be saved a value may be. */
const SMALL = 64;

/** Ways to take less memory in the fullest turn of a schedule. */
export class Recomputations {
  readonly #schedule: Schedule;
  /** Bytes of each version. */
  readonly #sizes: readonly number[];
  /** Turns that update something, and the ids of what they update. */
  readonly #updates: readonly { readonly turn: number; readonly ids: readonly number[] }[];
  /** By version: ids of the stored values that its turn reads. */
  readonly #stored: ReadonlyMap<Turn, readonly number[]>;
  /** What each turn takes besides. */
  readonly #more: Float64Array;

  constructor(schedule: Schedule) {
    const { turns, values, memory } = schedule;
    this.#schedule = schedule;
    this.#sizes = values.map((value) => memory.bytesOf(value));
    this.#updates = turns.flatMap(({ node }, turn) => {
      const ids = writtenBy(node).map((value) => memory.memoryOf(value).id);
      return ids.length === 0 ? [] : [{ turn, ids }];
    });
    this.#stored = new Map(
      turns.map((turn) => [turn, inputsOf(turn.node).map((x) => memory.memoryOf(x).id)]),
    );
    this.#more = new Float64Array(turns.length);
  }

  /** What all turns together take above a limit. */
  excess(most: number): number {
    return this.#schedule.profile.bytes.reduce((sum, taken) => sum + Math.max(0, taken - most), 0);
  }

  /**
   * Ways to have no version of one value in the fullest turn that is needed before and after it only: it is computed again from
   * what is there, from what is then kept for longer, or from what is computed again itself, up to some nodes behind one another.
   * What is small beside what is above the limit is not looked at.
   */
  *all(most: number): Generator<Recomputation> {
    const { turns, profile: { first, last, readers, bytes } } = this.#schedule;
    const peak = this.#schedule.peak;
    const fullest = bytes.indexOf(peak);
    const known = new Map<number, Map<number, Version>>();
    for (let version = 0; version < first.length; version++) {
      if (first[version] >= fullest || last[version] <= fullest) continue;
      if (SMALL * this.#sizes[version] < peak - most) continue;
      if (turns[fullest].reads.includes(version)) continue;
      const at = readers[version].find((turn) => turn > fullest)!;
      const newest = known.get(at) ?? newestBefore(this.#schedule, at);
      known.set(at, newest);
      let length = 0;
      for (let depth = 1; depth <= DEPTH; depth++) {
        const again = this.#chain(version, at, depth, newest);
        // Deeper there is nothing that is not there.
        if (again === undefined || again.length === length || again.length > LONGEST) break;
        length = again.length;
        yield { at, again };
      }
    }
  }

  /** The turns that make a version again; `undefined` where one of them would not give the same. */
  #chain(
    version: Version,
    at: number,
    depth: number,
    newest: ReadonlyMap<number, Version>,
  ): Turn[] | undefined {
    const { turns, profile: { first, last }, values } = this.#schedule;
    const chain: Turn[] = [];
    const seen = new Set<number>();
    const visit = (of: Version, left: number): boolean => {
      const place = first[of];
      if (seen.has(place)) return true;
      seen.add(place);
      if (!this.#isRepeatable(place, at)) return false;
      for (const read of turns[place].reads) {
        const now = newest.get(values[read].id)!;
        if (last[now] < at && left > 1 && !visit(now, left - 1)) return false;
      }
      chain.push(turns[place]);
      return true;
    };
    return visit(version, depth) ? chain : undefined;
  }

  /** Whether a turn gives the same later: it updates nothing, and nothing that it reads is updated until then. */
  #isRepeatable(place: number, at: number): boolean {
    const stored = this.#stored.get(this.#schedule.turns[place])!;
    return !this.#updates.some(({ turn, ids }) =>
      turn === place || turn > place && turn < at && ids.some((id) => stored.includes(id))
    );
  }

  /**
   * What all turns take above a limit if some nodes have a turn once more; as the schedule with these turns would say, but
   * without making it.
   */
  excessWith({ at, again }: Recomputation, most: number): number {
    const { turns, values, profile: { first, last, readers, bytes } } = this.#schedule;
    const more = this.#more.fill(0);
    const newest = newestBefore(this.#schedule, at);
    // What there is between the turn before and this one, whatever is computed again.
    let between = bytes[at] - turns[at].makes.reduce((sum, v) => sum + this.#sizes[v], 0);
    // First and last new turn that versions are there for: what is kept for longer, what is made.
    const stays: { readonly from: number; to: number; readonly size: number }[] = [];
    const own = new Map<number, (typeof stays)[number]>();
    const stay = (id: number, from: number, to: number, size: number): void => {
      const made = { from, to, size };
      stays.push(made);
      own.set(id, made);
    };
    again.forEach(({ reads, makes }, j) => {
      for (const read of reads) {
        const { id } = values[read];
        const known = own.get(id);
        if (known !== undefined) {
          known.to = Math.max(known.to, j);
          continue;
        }
        const version = newest.get(id)!;
        if (last[version] >= at) continue;
        for (let i = last[version] + 1; i < at; i++) more[i] += this.#sizes[version];
        stay(id, 0, j, this.#sizes[version]);
      }
      for (const made of makes) {
        const { id } = values[made];
        const [version, size] = [newest.get(id)!, this.#sizes[made]];
        const isNeeded = last[version] >= at;
        stay(id, j, isNeeded ? again.length - 1 : j, size);
        if (!isNeeded) continue;
        between -= size;
        const before = readers[version].findLast((turn) => turn < at) ?? first[version];
        for (let i = before + 1; i < at; i++) more[i] -= size;
      }
    });
    let sum = 0;
    for (let i = 0; i < bytes.length; i++) sum += Math.max(0, bytes[i] + more[i] - most);
    const change = new Float64Array(again.length + 1);
    for (const { from, to, size } of stays) {
      change[from] += size;
      change[to + 1] -= size;
    }
    let taken = between;
    for (let j = 0; j < again.length; j++) {
      taken += change[j];
      sum += Math.max(0, taken - most);
    }
    return sum;
  }
}
