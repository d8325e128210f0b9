/** How the packages are made. */
import assert from "node:assert/strict";
import { markPureInitialisers } from "../../tools/package/pure_initialisers.ts";
import { summary } from "../../tools/package/summary.ts";

Deno.test("package: initialisers that compute are marked, lines stay", () => {
  const text = `export const A = 3, TABLE: number[] = make(
  A,
);
const plain = (x: number) => make(x);
let later;
export class C {
  static readonly all = make(1);
  own = make(2);
}
function make(x: number) {
  const inside = [x];
  return inside;
}`;
  const marked = markPureInitialisers("m.ts", text);
  assert.equal(marked.split("\n").length, text.split("\n").length);
  assert.equal(
    marked,
    text
      .replace("make(\n  A,\n)", "/* @__PURE__ */ (() => (make(\n  A,\n)))()")
      .replace("make(1)", "/* @__PURE__ */ (() => (make(1)))()"),
  );
});

Deno.test("package: the summary has entries by name, other modules together", () => {
  const files = new Map([
    ["dist/mod.js", "x".repeat(1001)],
    ["dist/train.js", "x"],
    ["dist/train-2.js", "x"],
    ["dist/shared.js", "x"],
    ["dist/shared-2.js", "x"],
    ["dist/mod.js.map", "x"],
    ["types/src/a.d.ts", "x"],
  ]);
  const lines = summary({ p: files }).split("\n").slice(2).map((line) => line.trim());
  assert.deepEqual(lines.map((line) => line.replaceAll(/ +/g, " ")), [
    "p",
    "dist/ (shared) 1 3 files",
    "dist/*.map 1",
    "dist/mod.js 2",
    "dist/train.js 1",
    "types/**/*.d.ts 1",
    "",
  ]);
});
