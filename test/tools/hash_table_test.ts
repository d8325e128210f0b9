/** The table of hashes is read as it was written, and hides no difference. */
import assert from "node:assert/strict";
import { hashOf, readTable, writeTable } from "../hosts/hashes/table.ts";
import type { Row } from "../hosts/hashes/table.ts";

const [ONE, OTHER] = ["1", "2"].map((digit) => digit.repeat(64));
const ROWS: Row[] = [
  { title: "a", cells: [{ hash: ONE, isSlow: false }, { hash: ONE, isSlow: true }] },
  { title: "b", cells: [{ hash: OTHER, isSlow: false }, { reason: "has no command" }] },
];

Deno.test("hashes: a table is read as it was written", () => {
  const text = writeTable(["here", "there"], ROWS);
  assert.deepEqual(readTable(`# Hashes\n\n${text}\n`), { hosts: ["here", "there"], rows: ROWS });
});

Deno.test("hashes: hosts that differ are no row", () => {
  const row: Row = {
    title: "c",
    cells: [{ hash: ONE, isSlow: false }, { hash: OTHER, isSlow: false }],
  };
  let message = "";
  try {
    hashOf(row);
  } catch (error) {
    message = String(error);
  }
  assert.match(message, /c: 2 different hashes/);
});

Deno.test("hashes: a cell that is not the beginning of its row's hash is refused", () => {
  const text = writeTable(["here", "there"], ROWS).replace("`22222222`", "`11111111`");
  let message = "";
  try {
    readTable(text);
  } catch (error) {
    message = String(error);
  }
  assert.match(message, /b: 11111111 is not the beginning/);
});
