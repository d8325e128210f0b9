import assert from "node:assert/strict";
import fc from "./_fast_check.ts";
import { StopStrings } from "../../src/text/stop_strings.ts";
import { fails } from "./_fails.ts";

/** Pushes pieces until a stop, then ends the text. */
function run(stops: StopStrings, pieces: readonly string[]): [text: string, stopped?: string] {
  let text = "";
  for (const piece of pieces) {
    const result = stops.push(piece);
    text += result.text;
    if (result.stopped !== undefined) return [text, result.stopped];
  }
  return [text + stops.flush()];
}

/** The meaning: look at every beginning of the text, shortest first, for a stop string at its end. */
function expected(stops: readonly string[], text: string): [text: string, stopped?: string] {
  for (let end = 1; end <= text.length; end++) {
    const found = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    if (found.length === 0) continue;
    const longest = found.reduce((a, b) => b.length > a.length ? b : a);
    return [text.slice(0, end - longest.length), longest];
  }
  return [text];
}

Deno.test("StopStrings finds what is complete first, however the text is cut", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "🙂"), maxLength: 14 });
  const stop = fc.string({ unit: fc.constantFrom("a", "b", "🙂"), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(stop, { maxLength: 4 }),
      fc.array(letters, { maxLength: 6 }),
      (stops, pieces) => {
        const whole = pieces.join("");
        const meaning = expected(stops, whole);
        assert.deepEqual(run(new StopStrings(stops), pieces), meaning);
        assert.deepEqual(run(new StopStrings(stops), [whole]), meaning);
        assert.deepEqual(run(new StopStrings(stops), [...whole]), meaning);
      },
    ),
    { numRuns: 2000, seed: 1 },
  );
});

Deno.test("StopStrings hands out what no stop string can begin with", () => {
  const stops = new StopStrings(["</end>", "\n\n"]);
  assert.deepEqual(stops.push("one</e"), { text: "one" });
  assert.equal(stops.pending, "</e");
  assert.deepEqual(stops.push("m>\n"), { text: "</em>" });
  assert.deepEqual(stops.push("two"), { text: "\ntwo" });
  assert.deepEqual(stops.push("\n\n\n"), { text: "", stopped: "\n\n" });
  assert.equal(stops.pending, "");
  assert.deepEqual(new StopStrings([]).push("any"), { text: "any" });
});

Deno.test("a saved StopStrings goes on with what it held back", () => {
  const first = new StopStrings(["abab"]);
  assert.deepEqual(first.push("xaba"), { text: "x" });
  const second = new StopStrings(["abab"], first.pending);
  assert.deepEqual(second.push("b!"), { text: "", stopped: "abab" });
  fails(() => new StopStrings(["abab"], "xa"), "invalid_argument", '"xa"');
  fails(() => new StopStrings(["ab"], "ab"), "invalid_argument", '"ab"');
});

Deno.test("stop strings are at most 16, of 1 to 128 code units, whole code points", () => {
  const bad = (stops: unknown, message: string) =>
    fails(() => new StopStrings(stops as string[]), "invalid_argument", message);
  bad(new Array(17).fill("a"), "17 stop strings");
  bad("stop", "stop is string");
  bad([""], "stop[0] is of length 0");
  bad(["a", "b".repeat(129)], "stop[1] is of length 129");
  bad([7], "stop[0] is a number");
  bad(["\ud83d"], "stop[0] has half");
  assert.equal(new StopStrings(["b".repeat(128)]).push("b".repeat(127)).text, "");
});

Deno.test("text that is a whole stop string was not held back", () => {
  assert.throws(() => new StopStrings(["ab", "xyz"], "ab"), { code: "invalid_argument" });
  assert.equal(new StopStrings(["ab", "abc"], "ab").pending, "ab");
});
