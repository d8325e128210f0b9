import assert from "node:assert/strict";
import { htmlPage } from "../../src/inspect/html.ts";
import { listing } from "../../src/inspect/text.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { matrices, ternaryProgram } from "../program/_ternary.ts";
import { inspected } from "./_program.ts";

Deno.test("inspect: ternary weights have their bytes in the file and in memory", async () => {
  const file = await encodeProgram(ternaryProgram(matrices([16, 80], [9, 18])));
  const { summary } = inspected(file);
  assert.equal(summary.kinds.reduce((sum, { bytes }) => sum + bytes, 0), file.length);
  const kind = summary.kinds.find(({ kind }) => kind === "weights, ternary");
  assert.deepEqual(kind, { kind: "weights, ternary", tensors: 2, bytes: 256 + 33 });
  const weights = summary.tensors.filter(({ storedBytes }) => storedBytes !== undefined);
  assert.deepEqual(weights.map(({ storedBytes, bytes }) => [storedBytes, bytes]), [
    [256, 320],
    [33, 128],
  ]);

  const text = listing(summary).join("\n");
  assert.match(text, /weight i8\[16, 80\]:w0 \(256 B stored, 320 B in memory\)/);
  assert.match(
    text,
    /ternary {2}1\.44 k weights in 2 tensors, 289 B \(1\.60 bits each\) in the file, 448 B \(2\.49 bits/,
  );
  const page = await htmlPage(summary, { name: "ternary" });
  assert.match(page, /panel_8x16_t2, 256 B stored, 320 B in memory/);
  assert.match(page, /Ternary: 1\.44 k weights in 2 tensors/);
});
