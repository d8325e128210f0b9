/** What is typed is done as typed, or refused. */
import assert from "node:assert/strict";
import { closest } from "../../src/cli/_closest.ts";
import type { Arguments } from "../../src/cli/_command.ts";
import { COMMANDS } from "../../src/cli/_commands.ts";
import { asTyped } from "../../src/cli/_flags_as_typed.ts";
import { commandHelp } from "../../src/cli/_help.ts";
import { parse, UsageError } from "../../src/cli/_parse.ts";
import { oneLine } from "../../src/cli/_print.ts";

const SPEC = {
  model: { type: "positional", description: "A model", required: true },
  texts: { type: "positional", description: "Texts", multiple: true },
  output: { type: "string", description: "A file", alias: "o", default: "x" },
  "max-tokens": { type: "string", description: "A number" },
  stop: { type: "string", description: "A text", multiple: true },
  index: { type: "string", description: "A file" },
  json: { type: "boolean", description: "JSON" },
} as const satisfies Arguments;

Deno.test("parse: 12 command lines give their values", () => {
  const plain = {
    ...{ model: "m", texts: [], output: "x", "max-tokens": undefined, stop: [] },
    ...{ index: undefined, json: false },
  };
  const lines: [string[], object][] = [
    [["m"], {}],
    [["m", "a", "b c"], { texts: ["a", "b c"] }],
    [["--json", "m"], { json: true }],
    [["m", "-o", "y"], { output: "y" }],
    [["m", "-oy"], { output: "y" }],
    [["m", "-o=y"], { output: "y" }],
    [["m", "--output=y=z"], { output: "y=z" }],
    [["m", "--output", "-"], { output: "-" }],
    [["m", "--max-tokens", "-1"], { "max-tokens": "-1" }],
    [["m", "--stop", "a", "--stop=b"], { stop: ["a", "b"] }],
    [["--json", "--", "m", "--json", "-x"], { texts: ["--json", "-x"], json: true }],
    [["m", "-", "--index="], { texts: ["-"], index: "" }],
  ];
  assert.equal(lines.length, 12);
  for (const [args, values] of lines) {
    assert.deepEqual(parse(args, SPEC).values, { ...plain, ...values }, args.join(" "));
  }
  assert.ok(parse(["--help"], SPEC).help && parse(["-h", "--unknown"], SPEC).help);
});

Deno.test("parse: 16 command lines are refused, and what was meant is named", () => {
  const lines: [string[], RegExp][] = [
    [[], /Missing: MODEL/],
    [["m", "--jsno"], /--jsno; did you mean --json\?/],
    [["m", "--ouput", "y"], /did you mean --output\?/],
    [["m", "--maxTokens", "4"], /did you mean --max-tokens\?/],
    [["m", "--max_tokens", "4"], /did you mean --max-tokens\?/],
    [["m", "--max"], /did you mean --max-tokens\?/],
    [["m", "-json"], /Unknown option -json; did you mean --json\?/],
    [["m", "-x"], /Unknown option -x; a word that begins with a dash comes after --/],
    [["m", "--quantum"], /Unknown option --quantum$/],
    [["m", "--no-json"], /Unknown option --no-json/],
    [["m", "--output"], /--output needs a value/],
    [["m", "-o"], /-o needs a value/],
    [["m", "--output", "--json"], /--output needs a value/],
    [["m", "--json=yes"], /--json takes no value/],
    [["m", "-o", "a", "--output", "b"], /--output is given twice/],
    [["m", "--json", "--json"], /--json is given twice/],
  ];
  assert.equal(lines.length, 16);
  for (const [args, message] of lines) {
    assert.throws(() => parse(args, SPEC), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  const one = { prompt: { type: "positional", description: "" } } as const;
  assert.throws(() => parse(["a", "b"], one), /Unexpected word "b".*in quotes/);
  const none = { index: { type: "string", description: "", required: true } } as const;
  assert.throws(() => parse(["a b"], none), /Option --index is missing|Unexpected word "a b"/);
  assert.throws(() => parse([], none), /Option --index is missing/);
});

Deno.test("parse: of each option of each command every small slip is named", async () => {
  let slips = 0;
  for (const { load } of Object.values(COMMANDS)) {
    const { arguments: spec } = (await load()).default;
    const names = Object.keys(spec).filter((name) => spec[name].type !== "positional");
    for (const name of names) {
      for (let at = 0; at < name.length && name.length > 3; at++) {
        const slip = name.slice(0, at) + name.slice(at + 1);
        if (names.includes(slip) || slip.startsWith("-")) continue;
        slips++;
        assert.ok(closest(slip, names) !== undefined, `${slip} for ${name}`);
        assert.throws(() => parse([`--${slip}`, "x"], spec), /did you mean --/);
      }
    }
  }
  assert.ok(slips > 150, `${slips} slips`);
});

Deno.test("help: every command names all that it takes, in lines of at most 100 characters", async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const command = (await load()).default;
    const text = commandHelp(name, command);
    for (const [argument, { type }] of Object.entries(command.arguments)) {
      const shown = type === "positional" ? argument.toUpperCase() : `--${argument}`;
      assert.ok(text.includes(shown), `${name} ${argument}`);
    }
    assert.ok(text.split("\n").every((line) => line.length <= 100), text);
  }
});

Deno.test("messages name options as they were typed, and stay in one line", () => {
  const typed = new Map([["max-tokens", "--max-tokens"], ["output", "-o"], ["index", "--index"]]);
  const shown = (message: string): string => asTyped(message, SPEC, typed);
  assert.equal(shown("Cannot generate: maxTokens is 0"), "Cannot generate: --max-tokens is 0");
  assert.equal(shown('Option --output is "x"'), 'Option -o is "x"');
  assert.equal(shown("the index is damaged"), "the index is damaged");
  assert.equal(shown("Cannot search: index is 5"), "Cannot search: --index is 5");
  assert.equal(shown("--output-other"), "--output-other");
  assert.equal(oneLine("a\nb\x1b[2Jc\u202ed\u2028e"), "a b\\u001b[2Jc?d e");
});
