/** Letting the host do other work, such as events and timers, often and for as short a time as it can. */

/** How long work may keep the event loop. */
const STRETCH_MS = 8;

/** What the host gives; tests put their own in its place. */
export const host = {
  /** Milliseconds on a clock that does not go back. */
  now: (): number => performance.now(),
  /** Calls in a later turn of the event loop. */
  later(call: () => void): void {
    // Timers take a millisecond or more, in browsers four.
    const { setImmediate } = globalThis as { setImmediate?: (call: () => void) => unknown };
    if (setImmediate !== undefined) setImmediate(call);
    else if (typeof MessageChannel === "function") {
      // One that is used again would keep timers waiting.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        call();
      };
      port2.postMessage(undefined);
    } else setTimeout(call);
  },
};

/** When the present stretch of work began, how long it may take, and how long it took by estimates. */
let began = 0, allowed = STRETCH_MS, estimated = 0;
/** When work was last seen. */
let seen = -Infinity;
/** Turns of the loop in which something went on, and how many did in the last one and in this one. */
let turns = 0, before = 0, woken = 0;

function begin(share: number): void {
  began = seen = host.now();
  allowed = STRETCH_MS / share;
  estimated = 0;
}

/** Resolves in a later turn of the event loop. */
export function nextTurn(): Promise<void> {
  const asked = turns;
  return new Promise((resolve) =>
    host.later(() => {
      // The first one in a turn; hosts may call all that wait before they look at anything else.
      if (asked === turns) {
        turns++;
        before = woken;
        woken = 0;
      }
      begin(Math.max(before, ++woken));
      resolve();
    })
  );
}

/**
 * Lets others work, if work has kept them waiting for long enough, and throws the reason of a signal.
 *
 * @param ms How long the last piece of it took by an estimate: some hosts stop their clocks.
 */
export async function pauseIfDue(signal?: AbortSignal, ms = 0): Promise<void> {
  seen = host.now();
  estimated += ms;
  if (seen - began >= allowed || estimated >= allowed) await nextTurn();
  signal?.throwIfAborted();
}

/** A turn that takes longer had something else to do, in milliseconds. */
const BUSY_TURN_MS = 0.25;
/** Most turns at a go: whoever is served in them must not keep the work from going on. */
const MOST_TURNS = 8;

/**
 * Lets others work until they have nothing to do: a server that computes for some clients hears all of them,
 * although it takes turns to accept a connection, to read a request, and to answer.
 */
export async function quietTurn(): Promise<void> {
  for (let i = 0; i < MOST_TURNS; i++) {
    const start = host.now();
    await nextTurn();
    if (host.now() - start < BUSY_TURN_MS) return;
  }
}

/** Begins to work. Where nothing was at work of late, the event loop was free until now. */
export async function workBegins(signal?: AbortSignal): Promise<void> {
  if (host.now() - seen >= STRETCH_MS) begin(1);
  await pauseIfDue(signal);
}

/** Work that may stop after each of its steps. */
export type Steps<T> = Generator<unknown, T, void>;

/** Does all steps at one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Lets others work between steps, and stops there with the reason of a signal. */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  await workBegins(signal);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pauseIfDue(signal);
  }
}
