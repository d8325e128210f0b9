/** States of which sessions use some rows: what is saved of them, and how far one can go back. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { rowsOf, runBatch } from "../models/_hgrn.ts";
import { compileLlama, configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 31,
  depth: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  hidden: 12,
  tied: true,
  context: 32,
} as const;
const FILE = await compileLlama(weightsOf(SIZES), configOf(SIZES));
const SYMBOLS = { sessions: 3, max_rows: 8, max_sequences: 3 };

/** Bytes of a row of all caches: keys and values of each layer. */
const ROW_BYTES = SIZES.depth * 2 * SIZES.kvHeads * SIZES.headSize * 4;
const HEADER_BYTES = 32;

const read = (instance: SyncInstance, slot: number, past: number, ids: number[]) =>
  rowsOf(runBatch(instance, { sequences: [ids], slots: [slot], past: [past] }).logits);

for (const { name, load } of ENGINES) {
  const loaded = (context = 16): Promise<SyncInstance> =>
    load(FILE, { symbols: { ...SYMBOLS, context } });

  Deno.test(`${name}: a saved session has the rows that it uses, and fits other contexts`, async () => {
    using instance = await loaded();
    assert.equal(instance.saveStateSync(1).length, HEADER_BYTES + 4);
    read(instance, 1, 0, [1, 2, 3, 4, 5]);
    const saved = instance.saveStateSync(1);
    assert.equal(saved.length, HEADER_BYTES + 4 + 5 * ROW_BYTES);
    const next = read(instance, 1, 5, [6]);
    // Into another session, and into one of a larger and of a smaller context.
    instance.restoreState(saved, 2);
    assert.deepEqual(read(instance, 2, 5, [6]), next);
    for (const context of [32, 6]) {
      using other = await loaded(context);
      other.restoreState(saved, 0);
      assert.deepEqual(read(other, 0, 5, [6]), next);
    }
    using small = await loaded(4);
    const before = small.saveStateSync();
    assert.throws(() => small.restoreState(saved, 0), {
      code: "invalid_file",
      message: /a session of 5 rows, there is memory for 4/,
    });
    assert.deepEqual(small.saveStateSync(), before);
    // Taken back to two tokens, it has so many rows.
    read(instance, 1, 2, [9]);
    assert.equal(instance.saveStateSync(1).length, HEADER_BYTES + 4 + 3 * ROW_BYTES);
    instance.reset(1);
    assert.equal(instance.saveStateSync(1).length, HEADER_BYTES + 4);
    assert.equal(instance.saveStateSync(2).length, HEADER_BYTES + 4 + 6 * ROW_BYTES);
  });

  Deno.test(`${name}: all sessions are saved together, each with its rows`, async () => {
    using instance = await loaded();
    read(instance, 0, 0, [1, 2, 3]);
    read(instance, 2, 0, [4]);
    const saved = instance.saveStateSync();
    assert.equal(saved.length, HEADER_BYTES + 3 * 4 + 4 * ROW_BYTES);
    const next = [read(instance, 0, 3, [7]), read(instance, 2, 1, [7])];
    using other = await loaded();
    other.restoreState(saved);
    assert.deepEqual([read(other, 0, 3, [7]), read(other, 2, 1, [7])], next);
    using fork = other.fork();
    assert.deepEqual(fork.saveStateSync(), other.saveStateSync());
    assert.throws(() => other.restoreState(saved, 0), { code: "invalid_file" });
    assert.throws(() => other.restoreState(saved.subarray(0, 40)), { code: "invalid_file" });
  });

  Deno.test(`${name}: what hosts write counts as a whole`, async () => {
    using instance = await loaded();
    const keys = instance.readSync("state.0.keys");
    instance.write("state.0.keys", (keys.data as Float32Array).fill(0.5));
    assert.equal(instance.saveStateSync(0).length, HEADER_BYTES + 4 + 16 * ROW_BYTES);
  });

  Deno.test(`${name}: a snapshot of caches copies no rows, and ends where they are overwritten`, async () => {
    using instance = await loaded();
    read(instance, 0, 0, [1, 2, 3]);
    const snapshot = await instance.snapshot(0);
    const saved = instance.saveStateSync(0);
    const other = read(instance, 1, 0, [8, 9]);
    read(instance, 0, 3, [4, 5]);
    instance.rollback(snapshot);
    assert.deepEqual(instance.saveStateSync(0), saved);
    const again = read(instance, 0, 3, [6]);
    instance.rollback(snapshot);
    assert.deepEqual(read(instance, 0, 3, [6]), again);
    // Another session does what it likes.
    assert.deepEqual(read(instance, 1, 0, [8, 9]), other);
    instance.rollback(snapshot);
    const overwrite: (() => void)[] = [
      () => read(instance, 0, 1, [7]),
      () => instance.reset(0),
      () => instance.restoreState(saved, 0),
      () => instance.write("state.1.values", instance.readSync("state.1.values").data),
    ];
    for (const write of overwrite) {
      instance.restoreState(saved, 0);
      const now = await instance.snapshot(0);
      write();
      const after = instance.saveStateSync(0);
      assert.throws(() => instance.rollback(now), {
        code: "invalid_argument",
        message: /rows of a cache that were in use then were written again/,
      });
      assert.deepEqual(instance.saveStateSync(0), after);
    }
  });
}
