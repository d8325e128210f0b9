import assert from "node:assert/strict";
import { instructionNamed, parseSplit } from "../../src/instructions/mod.ts";

/** The ways of an instruction with another split. */
function waysOf(name: string, split = instructionNamed(name).split) {
  return parseSplit({ ...instructionNamed(name), split });
}

Deno.test("axes: columns follow their heads, and groups and codes each other", () => {
  assert.deepEqual(waysOf("attention_ragged_i8"), [
    [{ extent: "@heads", block: "1", repeats: undefined, variables: ["C"] }],
  ]);
  const [[{ block, variables }]] = waysOf("embedding_i4");
  assert.equal(block, "@group");
  assert.deepEqual([...variables].sort(), ["C", "G", "H"]);
});

Deno.test("axes: heads do not follow columns", () => {
  assert.deepEqual(waysOf("attention_ragged_i8", "C")[0][0].variables, ["C"]);
});

Deno.test("axes: a suffix repeats along the rows, a mask along the batch", () => {
  assert.equal(waysOf("add_f32")[0][0].repeats, "~");
  assert.equal(waysOf("gelu_f32")[0][0].repeats, undefined);
  const [[batch, heads]] = waysOf("attention_i8");
  assert.deepEqual([batch.extent, batch.repeats, heads.repeats], ["B", "W", undefined]);
});

Deno.test("axes: ways are separate", () => {
  assert.deepEqual(
    waysOf("linear_i8").map((axes) => axes.map(({ extent, block }) => [extent, block])),
    [[["*", "4"]], [["N", "8"]]],
  );
});

for (
  const [name, split, message] of [
    ["concat_rows", "L", "concat_rows: cannot cut L"],
    ["append_rows", "B", "append_rows: cannot cut B"],
    ["copy", "Z", "copy: cannot cut Z"],
    ["linear_i8", "@tiles", "linear_i8: unknown attribute @tiles"],
    ["linear_i8", "N/@tiles", "linear_i8: unknown attribute @tiles"],
    ["add_f32", "*/4", "add_f32: blocks of *"],
    ["copy", "", "copy: no axis "],
    ["copy", "*/0", "copy: no axis */0"],
    ["copy", "*/K", "copy: no axis */K"],
    ["copy", "*/4/4", "copy: no axis */4/4"],
  ] as const
) {
  Deno.test(`axes: ${name} cannot be split along ${JSON.stringify(split)}`, () => {
    assert.throws(() => waysOf(name, split), { message });
  });
}
