import assert from "node:assert/strict";
import { benchLines } from "../../src/inspect/text_bench.ts";
import { formatCount, formatMs, formatWork, printable } from "../../src/inspect/_format.ts";
import { listing } from "../../src/inspect/text.ts";
import { memoryPicture } from "../../src/inspect/text_memory.ts";
import { inspected, layersFile } from "./_program.ts";

Deno.test("text: the listing names instructions, operands, memory", async () => {
  const { summary } = inspected(await layersFile({ task: "none" }));
  const text = listing(summary).join("\n");
  assert.match(text, /^fewbit program, format 1, /);
  assert.match(text, /metadata task: none/);
  assert.match(text, /symbol {3}batch: 1 to max_batch, default 1, set with each run/);
  assert.match(text, /image f32\[batch·4, 8\] → y i16\[batch·4, 8\]/);
  assert.match(text, / 2 {2}linear_i8 +512 MAC {2}rounding=half_even/);
  assert.match(text, /weight i8\[8, 8\] {2}bias i32\[8\]/);
  assert.match(text, /── block 2 of 2 ──/);
  assert.match(text, /Arena of other: nothing/);
  assert.doesNotMatch(listing(summary, summary.entries.slice(1)).join("\n"), /Entry main/);
});

Deno.test("text: metadata cannot move the cursor, reorder text or break a line", async () => {
  const label = "\x1b[2J\u202Eevil\n\u2028\x9b31m";
  const { summary } = inspected(await layersFile({ [label]: [label], plain: label.repeat(99) }));
  for (const line of listing(summary)) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\u2028]/u);
});

Deno.test("text: the picture shows every tensor in its place", async () => {
  const { summary } = inspected(await layersFile());
  const picture = memoryPicture(summary, summary.entries[0]);
  assert.equal(picture.length, 17);
  const rows = picture.slice(0, 16).map((line) => line.split("│")[1]);
  assert.deepEqual(rows.map((row) => row.length), new Array(16).fill(7));
  // The last instruction writes an output, the first an i16 tensor at the start of the arena.
  assert.equal(rows[15][0], "a");
  assert.equal(new Set(rows.join("")).size - 1, 6, "six tensors and free memory");
});

Deno.test("text: numbers keep three digits", () => {
  assert.deepEqual([0, 999, 1000, 53_549_876, 1.094e9].map(formatCount), [
    "0",
    "999",
    "1.00 k",
    "53.5 M",
    "1.09 G",
  ]);
  assert.deepEqual([0.0123, 1.5, 25, 1234].map(formatMs), [
    "12.3 µs",
    "1.50 ms",
    "25.0 ms",
    "1.23 s",
  ]);
  assert.equal(formatWork("linear_i8", 2e6), "2.00 MMAC");
  assert.equal(formatWork("lookup", 2e6), "2.00 M el");
  assert.equal(printable("a\u0007ü😀\ud800"), "a\\u{7}ü😀\\u{d800}");
});

Deno.test("text: engines that do not agree are named", () => {
  const result = {
    firstLoadMs: 1,
    secondLoadMs: 1,
    memoryBytes: 1000,
    runs: 1,
    minMs: 1,
    medianMs: 1,
    macPerSecond: 1e9,
    itemsPerSecond: 1000,
    output: "y",
  };
  const lines = benchLines([
    { ...result, engine: "a", outputSha256: "00" },
    { ...result, engine: "b", outputSha256: "01" },
    { engine: "c", error: "no relaxed SIMD" },
  ], "images").join("\n");
  assert.match(lines, /images\/s/);
  assert.match(lines, /c: no relaxed SIMD/);
  assert.match(lines, /do not agree/);
});
