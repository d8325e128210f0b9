import assert from "node:assert/strict";
import { repeatedBlocks } from "../../src/inspect/blocks.ts";

function blocks(text: string, start = ""): string[] {
  return repeatedBlocks([...text], (word) => word === start)
    .map(({ first, count }) => `${first}:${text.slice(first, first + count)}`);
}

Deno.test("blocks: what repeats is found, what does not is left", () => {
  assert.deepEqual(blocks("xyabcabcabcz"), ["2:abc", "5:abc", "8:abc"]);
  assert.deepEqual(blocks("abcdefg"), []);
  assert.deepEqual(blocks(""), []);
  assert.deepEqual(blocks("ababab"), [], "two steps are no block");
});

Deno.test("blocks: begin with the wanted word where the repetition leaves a choice", () => {
  assert.deepEqual(blocks("cabcabcx", "a"), ["1:abc", "4:abc"]);
  assert.deepEqual(blocks("cabcabcx", "c"), ["0:cab", "3:cab"]);
});

Deno.test("blocks: stages that repeat are taken apart", () => {
  assert.deepEqual(blocks("abcabcxyabcabcxy", "a"), ["0:abc", "3:abc", "8:abc", "11:abc"]);
});

Deno.test("blocks: other repetitions before and after the longest one", () => {
  assert.deepEqual(blocks("abcabc" + "defgdefgdefg" + "hijhij"), [
    "0:abc",
    "3:abc",
    "6:defg",
    "10:defg",
    "14:defg",
    "18:hij",
    "21:hij",
  ]);
});
