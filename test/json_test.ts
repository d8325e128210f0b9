import assert from "node:assert/strict";
import { parseJson } from "../src/json.ts";

const ACTION = "Cannot read x";
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("parseJson gives what JSON.parse gives, for text and bytes", () => {
  const texts = [
    "null",
    ' {"a": [1, "\\"]", {"b": "\\\\"}], "a": 2} ',
    '"\\\\\\""',
    "[[],[[]],{}]",
    '{"":"","\\u0000":"{[,"}',
    "\ufeff1",
  ];
  for (const text of texts) {
    const expected = JSON.parse(text.replace(/^\ufeff/, ""));
    assert.deepEqual(parseJson(ACTION, encode(text)), expected);
    if (!text.startsWith("\ufeff")) assert.deepEqual(parseJson(ACTION, text), expected);
  }
});

Deno.test("parseJson refuses what is not JSON, too deep, too much, or twice there: 19 texts", () => {
  const deep = (n: number): string => "[".repeat(n) + "]".repeat(n);
  const cases: [string | Uint8Array, object, string, RegExp][] = [
    ...["", "{", "[1,]", "'a'", "NaN", '{"a" 1}', '"\\', '"a', "]", "\u0000"].map(
      (text): [string, object, string, RegExp] => [text, {}, "invalid_file", /is not JSON/],
    ),
    [Uint8Array.of(34, 0xff, 34), {}, "invalid_file", /is not JSON/],
    [deep(101), {}, "invalid_file", /deeper than 100/],
    [deep(1e7), {}, "invalid_file", /deeper than 100/],
    ['{"a":'.repeat(1e6), {}, "invalid_file", /deeper than 100/],
    ["[[]]", { maxDepth: 1 }, "invalid_file", /deeper than 1 /],
    ["[1,2,3]", { maxValues: 2 }, "limit_exceeded", /more than 2 values/],
    [`[${"[],".repeat(5e6)}1]`, {}, "limit_exceeded", /more than 4194304 values/],
    ['{"a":1,"\\u0061":2}', { uniqueKeys: true }, "invalid_file", /key "a" twice/],
    ['[{"a":1},{"a":1,"b":{"a":1,"a":2}}]', { uniqueKeys: true }, "invalid_file", /key "a" twice/],
  ];
  assert.equal(cases.length, 19);
  for (const [text, bounds, code, message] of cases) {
    assert.throws(() => parseJson(ACTION, text, bounds), { code, message });
  }
  assert.deepEqual(parseJson(ACTION, deep(100)), JSON.parse(deep(100)));
  assert.deepEqual(parseJson(ACTION, "[1,2,3]", { maxValues: 3 }), [1, 2, 3]);
});
