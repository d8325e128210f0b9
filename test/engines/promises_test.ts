/** What an instance promises is what was there at the call. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { files } from "../program/_build.ts";

const { rows: ROWS } = await files();
const X = Int8Array.from({ length: 4 * 8 }, (_, i) => i * 5 - 60);

for (const engine of ENGINES) {
  const { name } = engine;
  const begun = async (): Promise<SyncInstance> => {
    const instance = await engine.load(ROWS);
    instance.runSync({ x: X });
    return instance;
  };

  Deno.test(`${name}: a promise gives what is had at once`, async () => {
    using instance = await begun();
    using other = await begun();
    const total = instance.program.tensors.findIndex((tensor) => tensor.name === "total");
    assert.ok(total >= 0);
    assert.deepEqual(await instance.read("total"), instance.readSync("total"));
    assert.deepEqual(await instance.peek(total), instance.readSync("total"));
    assert.deepEqual(await instance.saveState(), instance.saveStateSync());
    assert.deepEqual(await instance.saveState(0), instance.saveStateSync(0));
    assert.deepEqual(await instance.run({ x: X }), other.runSync({ x: X }));
  });

  Deno.test(`${name}: what is promised is as it was at the call`, async () => {
    using instance = await begun();
    const [state, total] = [instance.saveStateSync(), instance.readSync("total")];
    assert.ok((total.data as Int32Array).some((value) => value !== 0));
    const reading = instance.read("total");
    const saving = instance.saveState();
    const snapshotting = instance.snapshot();
    instance.reset();
    assert.notDeepEqual(instance.readSync("total"), total);
    assert.deepEqual(await reading, total);
    assert.deepEqual(await saving, state);
    instance.rollback(await snapshotting);
    assert.deepEqual(instance.saveStateSync(), state);
  });

  Deno.test(`${name}: what is refused is a promise that rejects`, async () => {
    using instance = await begun();
    await assert.rejects(instance.read("x"), { code: "not_found" });
    await assert.rejects(instance.saveState(-1), { code: "invalid_argument" });
    await assert.rejects(instance.snapshot(16), { code: "invalid_argument" });
    assert.throws(() => instance.rollback({ slot: 1 }), { code: "invalid_argument" });
  });

  Deno.test(`${name}: an instance knows the symbols that it was loaded with`, async () => {
    for (const max_rows of [3, 8]) {
      using instance = await engine.load(ROWS, { symbols: { max_rows } });
      assert.equal(instance.symbols.max_rows, max_rows);
      assert.equal("rows" in instance.symbols, false);
      using fork = instance.fork();
      assert.deepEqual(fork.symbols, instance.symbols);
    }
  });
}
