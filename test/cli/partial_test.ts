/** Work that a stopped run has left is taken up by the same run, and by no other. */
import assert from "node:assert/strict";
import { PartialWork } from "../../src/cli/_partial.ts";
import { FewbitError } from "../../src/errors.ts";

Deno.test("partial work is taken up by its key, and removed by another", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { signal } = new AbortController();
    const output = `${folder}/model.fewbit`;
    const first = await PartialWork.open(output, "w4a8", signal);
    await first.write("part", "done");
    const again = await PartialWork.open(output, "w4a8", signal);
    assert.equal(await again.read("part"), "done");
    const other = await PartialWork.open(output, "w8a8", signal);
    assert.equal(await other.read("part"), undefined);
    await other.remove();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    // What is stopped before it begins leaves nothing, and the same run may begin again.
    const reason = new Error("enough");
    await assert.rejects(PartialWork.open(output, "w8a8", AbortSignal.abort(reason)), reason);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.mkdir(`${output}.partial`);
    await assert.rejects(
      PartialWork.open(output, "w8a8", signal),
      (error) => error instanceof FewbitError && error.code === "invalid_argument",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("partial work that could not be removed to the end is known by its key", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { signal } = new AbortController();
    const output = `${folder}/model.fewbit`;
    const work = await PartialWork.open(output, "w4a8", signal);
    for (const name of ["0.json", "1.json", "params.json"]) await work.write(name, "{}");
    // A part that cannot be removed stands for the end of the process.
    await Deno.mkdir(`${output}.partial/held/back`, { recursive: true });
    await assert.rejects(work.remove());
    assert.equal(await work.read("key"), "w4a8");
    await Deno.remove(`${output}.partial/held`, { recursive: true });
    await assert.doesNotReject(work.remove());
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
