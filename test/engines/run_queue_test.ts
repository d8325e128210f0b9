import assert from "node:assert/strict";
import { RunQueue } from "../../src/engines/run_queue.ts";

/** Lets all that can go on go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Enters; notes its name when its turn comes, or `-name` where it gave up. */
function enter(queue: RunQueue, name: string, log: string[], signal?: AbortSignal) {
  const { leave, before } = queue.enter();
  if (before === undefined) log.push(name);
  else before(signal).then(() => log.push(name), () => log.push(`-${name}`));
  return leave;
}

Deno.test("the first one's turn has come, the others' come in order", async () => {
  const queue = new RunQueue();
  const log: string[] = [];
  assert.equal(queue.busy, false);
  const leaves = ["a", "b", "c"].map((name) => enter(queue, name, log));
  assert.equal(queue.busy, true);
  await settle();
  assert.deepEqual(log, ["a"]);
  for (const [i, expected] of [["a", "b"], ["a", "b", "c"], ["a", "b", "c"]].entries()) {
    leaves[i]();
    await settle();
    assert.deepEqual(log, expected);
  }
  assert.equal(queue.busy, false);
  enter(queue, "d", log);
  assert.deepEqual(log, ["a", "b", "c", "d"]);
});

Deno.test("who gives up while waiting lets nobody overtake", async () => {
  const queue = new RunQueue();
  const log: string[] = [];
  const abort = new AbortController();
  const first = enter(queue, "a", log);
  const second = enter(queue, "b", log, abort.signal);
  const third = enter(queue, "c", log);
  abort.abort();
  await settle();
  assert.deepEqual(log, ["a", "-b"]);
  second();
  await settle();
  assert.deepEqual(log, ["a", "-b"]);
  first();
  await settle();
  assert.deepEqual(log, ["a", "-b", "c"]);
  third();
  assert.equal(queue.busy, false);
});

Deno.test("a signal that was given before the turn comes counts", async () => {
  const queue = new RunQueue();
  const log: string[] = [];
  const first = enter(queue, "a", log);
  const second = enter(queue, "b", log, AbortSignal.abort("reason"));
  first();
  await settle();
  assert.deepEqual(log, ["a", "-b"]);
  second();
});
