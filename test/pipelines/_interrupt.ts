/** Interrupts work at every point at which it waits. */
import assert from "node:assert/strict";

/** Work on objects of its own. */
export interface Interruptible {
  /** Does the work and gives a value that can be compared. */
  run(signal: AbortSignal): Promise<unknown>;
  /** Disposes of what the work is done with; absent where there is nothing. */
  dispose?(): void;
  /** Work that must give the same as ever after an interruption by the signal. */
  after?(): Promise<unknown>;
  /** Disposes of everything. */
  end?(): void;
}

/** Macrotasks that work may take at most; the first ones are all tried with microtasks behind them, later ones here and there. */
const MACROTASKS = 400;
const MICROTASKS = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55];

/**
 * Runs work again and again, aborting (or disposing) one turn of the event loop later each time, until it
 * is done before. It ends with its value, or with the reason (with `disposed`).
 *
 * @returns How many times it was interrupted before it was done.
 */
export async function interruptEverywhere(
  make: () => Promise<Interruptible>,
  how: "abort" | "dispose",
): Promise<number> {
  const undisturbed = await make();
  const expected = await undisturbed.run(new AbortController().signal);
  const expectedAfter = await undisturbed.after?.();
  undisturbed.end?.();
  let interrupted = 0;
  for (let macro = 0; macro <= MACROTASKS; macro += 1 + Math.floor(macro / 8)) {
    let finished = 0;
    for (const micro of MICROTASKS) {
      const work = await make();
      const controller = new AbortController();
      const reason = new Error("stop");
      const running = work.run(controller.signal);
      let done = false;
      running.then(() => done = true, () => done = true);
      for (let i = 0; i < macro && !done; i++) await new Promise((next) => setTimeout(next));
      for (let i = 0; i < micro && !done; i++) await undefined;
      if (done) finished++;
      if (how === "abort") controller.abort(reason);
      else work.dispose!();
      try {
        assert.deepEqual(await running, expected);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        interrupted++;
        if (how === "abort") assert.equal(error, reason);
        else assert.equal((error as { code?: string }).code, "disposed", `${error}`);
      }
      if (how === "abort" && work.after) assert.deepEqual(await work.after(), expectedAfter);
      work.end?.();
    }
    if (finished === MICROTASKS.length) return interrupted;
  }
  throw new Error(`work is not done after ${MACROTASKS} macrotasks: its end was not tried`);
}
