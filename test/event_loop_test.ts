import assert from "node:assert/strict";
import {
  atOnce,
  host,
  inTurns,
  nextTurn,
  pauseIfDue,
  quietTurn,
  workBegins,
} from "../src/event_loop.ts";
import type { Steps } from "../src/event_loop.ts";
import { CountedTurns, FakeClock, FakeTurns } from "./_fake_host.ts";

/** Waits for what has to be done at once. */
async function goesOn(promise: Promise<void>): Promise<void> {
  assert.ok(await isDone(promise), "a pause");
}

/** Whether a promise is settled by what is to be done at once. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(() => done = true);
  for (let i = 0; i < 20; i++) await undefined;
  return done;
}

Deno.test("work pauses after 8 ms, and then has 8 more", async () => {
  using clock = new FakeClock();
  using turns = new FakeTurns();
  await goesOn(workBegins());
  for (let round = 0; round < 3; round++) {
    clock.pass(7);
    await goesOn(pauseIfDue());
    clock.pass(1);
    const pause = pauseIfDue();
    assert.equal(await isDone(pause), false);
    await turns.take();
    await pause;
    assert.equal(turns.waiting, 0);
  }
});

Deno.test("a clock that stands still is replaced by estimates", async () => {
  using _clock = new FakeClock();
  using turns = new FakeTurns();
  await goesOn(workBegins());
  for (let i = 0; i < 3; i++) await goesOn(pauseIfDue(undefined, 2));
  const pause = pauseIfDue(undefined, 2);
  assert.equal(await isDone(pause), false);
  await turns.take();
  await pause;
  // They count from the pause on.
  for (let i = 0; i < 3; i++) await goesOn(pauseIfDue(undefined, 2));
  assert.equal(turns.waiting, 0);
});

Deno.test("work after a rest need not pause at once, work after work must", async () => {
  using clock = new FakeClock();
  using turns = new FakeTurns();
  await goesOn(workBegins());
  clock.pass(7);
  await goesOn(pauseIfDue());
  clock.pass(8);
  // Nothing was at work for 8 ms.
  await goesOn(workBegins());
  clock.pass(7);
  await goesOn(pauseIfDue());
  clock.pass(2);
  // Others were, for 7 of the last 9.
  const pause = workBegins();
  assert.equal(await isDone(pause), false);
  await turns.take();
  await pause;
});

/** Works for good, and notes how long at one go. */
async function worker(clock: FakeClock, stretches: number[]): Promise<void> {
  await workBegins();
  for (let ms = 0;;) {
    clock.pass(1);
    ms++;
    const pause = pauseIfDue();
    if (await isDone(pause)) continue;
    stretches.push(ms);
    ms = 0;
    await pause;
  }
}

for (const count of [1, 2, 4]) {
  Deno.test(`${count} at work share 8 ms of each turn, all alike`, async () => {
    using clock = new FakeClock();
    using turns = new FakeTurns();
    const stretches = Array.from({ length: count }, (): number[] => []);
    for (const own of stretches) {
      worker(clock, own);
      for (let i = 0; i < 400; i++) await undefined;
    }
    let longest = 0;
    for (let turn = 0; turn < 40; turn++) {
      const start = host.now();
      await turns.take();
      for (let i = 0; i < 400; i++) await undefined;
      if (turn > 2) longest = Math.max(longest, host.now() - start);
    }
    assert.ok(longest <= 8 + count, `${longest} ms in a turn`);
    const totals = stretches.map((own) => own.reduce((a, b) => a + b, 0));
    assert.ok(Math.max(...totals) < 1.5 * Math.min(...totals), `${totals}`);
  });
}

Deno.test("a turn is a later one, by whatever the host has", async () => {
  const globals = globalThis as { setImmediate?: unknown; MessageChannel?: unknown };
  const { setImmediate, MessageChannel } = globals;
  try {
    for (const without of [[], ["setImmediate"], ["setImmediate", "MessageChannel"]] as const) {
      for (const name of without) globals[name] = undefined;
      const turn = nextTurn();
      assert.equal(await isDone(turn), false);
      await turn;
    }
  } finally {
    Object.assign(globals, { setImmediate, MessageChannel });
  }
});

Deno.test("timers are not kept waiting by turns after turns", async () => {
  let isOver = false;
  setTimeout(() => isOver = true, 1);
  let turns = 0;
  while (!isOver) {
    await nextTurn();
    if (++turns > 1_000_000) throw new Error("the timer never comes");
  }
});

/** Steps that take so many milliseconds each. */
function* steps(clock: FakeClock, count: number, ms: number): Steps<string> {
  for (let i = 0; i < count; i++) {
    clock.pass(ms);
    yield;
  }
  return "done";
}

Deno.test("steps are done at once, or in turns", async () => {
  using clock = new FakeClock();
  using turns = new CountedTurns();
  assert.equal(atOnce(steps(clock, 10, 5)), "done");
  assert.equal(turns.count, 0);
  clock.pass(10);
  assert.equal(await inTurns(steps(clock, 10, 5)), "done");
  assert.equal(turns.count, 5);
  const controller = new AbortController();
  const reason = new Error("stop");
  turns[Symbol.dispose]();
  using _ = new CountedTurns((count) => count === 3 && controller.abort(reason));
  const start = host.now();
  await assert.rejects(inTurns(steps(clock, 100, 5), controller.signal), (e) => e === reason);
  assert.equal(host.now() - start, 30);
});

Deno.test("quiet turns go on while others work, and not forever", async () => {
  using clock = new FakeClock();
  const turns = async (busy: readonly number[]): Promise<number> => {
    let count = 0;
    // Turns in which others work for so many milliseconds.
    using _ = new CountedTurns(() => clock.pass(busy[count++] ?? 0));
    await quietTurn();
    return count;
  };
  assert.equal(await turns([]), 1);
  assert.equal(await turns([0.1]), 1);
  assert.equal(await turns([5, 3, 0.5, 0]), 4);
  assert.equal(await turns(Array(100).fill(2)), 8);
});
