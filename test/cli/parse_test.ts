/** What is typed is done as typed, or refused. */
import assert from "node:assert/strict";
import { type Command, CommanderError } from "../../src/cli/_commander.ts";
import { COMMANDS } from "../../src/cli/_commands.ts";
import { asTyped } from "../../src/cli/_flags_as_typed.ts";
import { oneLine } from "../../src/cli/_print.ts";
import { newProgram, typedFlags, usageMessage } from "../../src/cli/_program.ts";

/** Gives a command its words and options, and what it does with them. */
type Define = (command: Command, took: (...values: unknown[]) => void) => void;

const define: Define = (command, took) => {
  command
    .argument("<model>", "A model")
    .argument("[texts...]", "Texts")
    .option("-o, --output <file>", "A file", "x")
    .option("--max-tokens <n>", "A number")
    .option("--stop <text>", "A text", (text, before: string[] = []) => [...before, text])
    .option("--index <file>", "A file")
    .option("--json", "JSON")
    .action(took);
};

/** What a command line gives to its command. */
function parse(words: readonly string[], spec: Define = define): unknown[] {
  const took: unknown[] = [];
  const program = newProgram("1");
  const command = program.command("test");
  spec(command, (...values) => took.push(...values.slice(0, -1)));
  typedFlags(command, words);
  program.parse(["test", ...words], { from: "user" });
  return took;
}

/** A command line is refused with a message that matches. */
function refuses(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof CommanderError, String(error));
    assert.notEqual(error.exitCode, 0);
    assert.match(usageMessage(error), message);
    assert.doesNotMatch(usageMessage(error), /^error|\n/);
    return true;
  });
}

/** A command as the program has it. */
async function commandOf(name: string): Promise<Command> {
  const command = newProgram("1").command(name).description(COMMANDS[name].description);
  (await COMMANDS[name].load()).default(command, new AbortController().signal);
  return command;
}

Deno.test("parse: 11 command lines give their values", () => {
  const lines: [words: string[], texts: string[], options: object][] = [
    [["m"], [], {}],
    [["m", "a", "b c"], ["a", "b c"], {}],
    [["--json", "m"], [], { json: true }],
    [["m", "-o", "y"], [], { output: "y" }],
    [["m", "-oy"], [], { output: "y" }],
    [["m", "--output=y=z"], [], { output: "y=z" }],
    [["m", "--output", "-"], [], { output: "-" }],
    [["m", "--max-tokens", "-1"], [], { maxTokens: "-1" }],
    [["m", "--stop", "a", "--stop=--b"], [], { stop: ["a", "--b"] }],
    [["--json", "--", "m", "--json", "-x"], ["--json", "-x"], { json: true }],
    [["m", "-", "--index="], ["-"], { index: "" }],
  ];
  assert.equal(lines.length, 11);
  for (const [words, texts, options] of lines) {
    assert.deepEqual(parse(words), ["m", texts, { output: "x", ...options }], words.join(" "));
  }
  for (const words of [["--help"], ["-h", "--unknown"]]) {
    const program = newProgram("1").configureOutput({ writeOut: () => {} });
    define(program.command("test"), () => assert.fail());
    assert.throws(() => program.parse(["test", ...words], { from: "user" }), { exitCode: 0 });
  }
});

Deno.test("parse: 20 command lines are refused, and what was meant is named", () => {
  const lines: [string[], RegExp][] = [
    [[], /^missing required argument 'model'$/],
    [["m", "--jsno"], /^unknown option '--jsno'; did you mean --json\?$/],
    [["m", "--ouput", "y"], /did you mean --output\?/],
    [["m", "--maxTokens", "4"], /did you mean --max-tokens\?/],
    [["m", "--max_tokens", "4"], /did you mean --max-tokens\?/],
    [["m", "-json"], /unknown option '-json'; did you mean --json\?/],
    [["m", "-output", "y"], /unknown option '-output'; did you mean --output\?/],
    [["m", "-x"], /unknown option '-x'; a word that begins with a dash comes after --$/],
    [["m", "--quantum"], /^unknown option '--quantum'$/],
    [["m", "--no-json"], /unknown option '--no-json'/],
    [["m", "--output"], /'-o, --output <file>' argument missing/],
    [["m", "-o"], /'-o, --output <file>' argument missing/],
    [["m", "--output", "--json"], /'--output' needs a value/],
    [["m", "-o", "--"], /'-o' needs a value/],
    [["m", "-o=y"], /'-o' takes its value without =/],
    [["m", "--json=yes"], /'--json' takes no value/],
    [["m", "--json=--json"], /'--json' takes no value/],
    [["m", "-o", "a", "--output", "b"], /'--output' is given twice/],
    [["m", "--json", "--json"], /'--json' is given twice/],
    [["m", "--output=a", "-ob"], /'-o' is given twice/],
  ];
  assert.equal(lines.length, 20);
  for (const [words, message] of lines) refuses(() => parse(words), message);
  const one: Define = (command, took) => command.argument("[prompt]").action(took);
  refuses(() => parse(["a", "b"], one), /too many arguments.*a, b.*in quotes$/);
  refuses(() => parse(Array(10_000).fill("word"), one), /^.{900,1100}$/);
});

Deno.test("parse: of each option of each command every small slip is named", async () => {
  let slips = 0;
  for (const name of Object.keys(COMMANDS)) {
    const names = (await commandOf(name)).options.map((option) => option.name());
    for (const option of names) {
      for (let at = 0; at < option.length && option.length > 3; at++) {
        const slip = option.slice(0, at) + option.slice(at + 1);
        if (names.includes(slip) || slip.startsWith("-")) continue;
        slips++;
        const command = await commandOf(name);
        command.exitOverride();
        refuses(
          () => command.parse([`--${slip}`, "x"], { from: "user" }),
          new RegExp(`did you mean (one of )?.*--${option}`),
        );
      }
    }
  }
  assert.ok(slips > 150, `${slips} slips`);
});

Deno.test("help: every command names all that it takes, in lines of at most 100 characters", async () => {
  for (const name of Object.keys(COMMANDS)) {
    const command = await commandOf(name);
    const text = command.helpInformation();
    for (const { long } of command.options) assert.ok(text.includes(long!), `${name} ${long}`);
    for (const argument of command.registeredArguments) {
      assert.match(text, new RegExp(`^  ${argument.name()} {2,}\\S`, "m"), name);
    }
    assert.ok(text.includes(command.description()));
    assert.ok(text.split("\n").every((line) => line.length <= 100), text);
  }
});

Deno.test("messages name options as they were typed, and stay in one line", () => {
  const typed = new Map([["maxTokens", "--max-tokens"], ["output", "-o"], ["index", "--index"]]);
  const shown = (message: string): string => asTyped(message, typed);
  assert.equal(shown("Cannot generate: maxTokens is 0"), "Cannot generate: --max-tokens is 0");
  assert.equal(shown('Option --output is "x"'), 'Option -o is "x"');
  assert.equal(shown("the index is damaged"), "the index is damaged");
  assert.equal(shown("Cannot search: index is 5"), "Cannot search: --index is 5");
  assert.equal(shown("--output-other"), "--output-other");
  assert.equal(oneLine("a\nb\x1b[2Jc\u202ed\u2028e"), "a b\\u001b[2Jc?d e");
});
