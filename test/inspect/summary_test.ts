import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { snakeKeys } from "../../src/inspect/json.ts";
import { openProgram } from "../../src/inspect/open.ts";
import { inspected, layersFile } from "./_program.ts";

Deno.test("summary: shapes keep their symbols, work and bytes are those of the largest batch", async () => {
  const { summary, opened } = inspected(await layersFile());
  const [main, other] = summary.entries;
  assert.deepEqual([main.name, main.first, main.count], ["main", 0, 7]);
  assert.deepEqual([other.name, other.first, other.count], ["other", 7, 1]);
  assert.deepEqual(summary.symbols.map(({ max }) => max), ["10", "max_batch"]);
  const linear = summary.instructions[2];
  assert.equal(linear.name, "linear_i8");
  assert.deepEqual(linear.operands[0].shape, ["batch·4", "8"]);
  assert.equal(linear.work, 2 * 4 * 8 * 8);
  assert.deepEqual(linear.attributes, { rounding: "half_even" });
  assert.equal(summary.tensors[linear.operands[0].tensor].bytes, 2 * 4 * 8);
  assert.ok(main.work < opened.verified.work[0]);
});

Deno.test("summary: the verifier counts the work of the instructions and the elements they touch", async () => {
  const { summary, opened: { verified } } = inspected(await layersFile());
  const { program, ranges } = verified;
  summary.entries.forEach(({ first, count, work }, i) => {
    const sum = summary.instructions.slice(first, first + count).reduce((n, i) => n + i.work, 0);
    assert.equal(sum, work);
    let elements = 0;
    for (const { operands } of program.instructions.slice(first, first + count)) {
      for (const view of operands.filter((view) => view >= 0)) {
        elements += program.views[view].extents.reduce((n, e) => n * ranges[e].max, 1);
      }
    }
    assert.equal(verified.work[i], work + elements);
  });
});

Deno.test("summary: bytes by kind add up to the file", async () => {
  const file = await layersFile();
  const { kinds } = inspected(file).summary;
  assert.equal(kinds.reduce((sum, { bytes }) => sum + bytes, 0), file.length);
  const bytes = Object.fromEntries(kinds.map(({ kind, bytes }) => [kind, bytes]));
  assert.equal(bytes["weights, int8"], 4 * 64);
  assert.equal(bytes.biases, 2 * 32);
  assert.equal(bytes["multipliers and shifts"], 4 + 4);
});

Deno.test("summary: edges follow the tensors, blocks the repetition", async () => {
  const { summary } = inspected(await layersFile());
  const [{ edges, blocks, liveBytes }] = summary.entries;
  assert.deepEqual(edges.map(({ from, to }) => `${from}-${to}`), [
    "-1-0",
    "0-1",
    "1-2",
    "2-3",
    "0-3",
    "3-4",
    "4-5",
    "5-6",
    "3-6",
  ]);
  assert.deepEqual(blocks, [{ first: 1, count: 3 }, { first: 4, count: 3 }]);
  // x (128 bytes) with the requantised x and the hidden layer (64 each), or x with the next x.
  assert.equal(liveBytes, 128 + 128 + 64);
});

Deno.test("summary: is plain data, with keys in snake_case but for metadata", async () => {
  const { summary } = inspected(await layersFile({ inputSize: [1] }));
  const json = JSON.parse(JSON.stringify(snakeKeys(summary)));
  assert.equal(json.file_bytes, summary.fileBytes);
  assert.equal(json.entries[0].live_bytes, summary.entries[0].liveBytes);
  assert.deepEqual(json.metadata, { inputSize: [1] });
  assert.deepEqual(JSON.parse(JSON.stringify(summary)), summary);
});

Deno.test("open: a byte that changed is found, or changes nothing", async () => {
  const file = await layersFile();
  const { summary } = inspected(file);
  for (let at = 0; at < file.length; at += 7) {
    const damaged = file.slice();
    damaged[at] ^= 0x10;
    try {
      // Spare bits of the section table are the only ones that nothing depends on.
      assert.deepEqual(inspected(damaged).summary, summary, `byte ${at}`);
    } catch (error) {
      if (!(error instanceof FewbitError)) throw error;
    }
  }
  for (const length of [0, 63, 64, file.length - 1]) {
    assert.throws(() => openProgram(file.subarray(0, length)), FewbitError, `${length} bytes`);
  }
});
