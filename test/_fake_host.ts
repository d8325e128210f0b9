/** A clock and turns of the event loop that tests move. */
import { host } from "../src/event_loop.ts";

/** What follows at once from a call takes fewer microtasks. */
const MICROTASKS = 500;

/** Long enough for the event loop to count as free. */
const IDLE_MS = 1000;

/**
 * Takes the place of the host's clock, which goes on from there when this is disposed of: what it has
 * counted must not seem to lie ahead.
 */
export class FakeClock implements Disposable {
  readonly #real: typeof host.now = host.now;
  #ms: number;

  /** @param look Milliseconds that each look at the clock takes. */
  constructor(public look = 0) {
    this.#ms = host.now() + IDLE_MS;
    host.now = () => this.#ms += this.look;
  }

  /** Lets time go by. */
  pass(ms: number): void {
    this.#ms += ms;
  }

  [Symbol.dispose](): void {
    const real = this.#real;
    const ahead = this.#ms - real();
    host.now = () => real() + ahead;
  }
}

/** Turns of the event loop that are taken one by one. */
export class FakeTurns implements Disposable {
  readonly #real: typeof host.later = host.later;
  #waiting: (() => void)[] = [];

  constructor() {
    host.later = (call) => void this.#waiting.push(call);
  }

  /** How many wait for the next one. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a turn: calls all that wait, and what follows at once from each before the next one. */
  async take(): Promise<void> {
    const calls = this.#waiting;
    this.#waiting = [];
    for (const call of calls) {
      call();
      for (let i = 0; i < MICROTASKS; i++) await undefined;
    }
  }

  [Symbol.dispose](): void {
    host.later = this.#real;
  }
}

/** Calls back in each turn of the event loop that something waits for, and counts them. */
export class CountedTurns implements Disposable {
  readonly #real: typeof host.later = host.later;
  count = 0;

  constructor(onTurn: (count: number) => void = () => {}) {
    host.later = (call) =>
      this.#real(() => {
        onTurn(++this.count);
        call();
      });
  }

  [Symbol.dispose](): void {
    host.later = this.#real;
  }
}
