/** The examples of the help texts are carried out as they stand, in a folder with the files that they name. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../src/cli/_commands.ts";
import { newProgram } from "../../src/cli/_program.ts";
import { withFolder } from "../files/_temporary.ts";
import { writeExampleFiles } from "./_example_files.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** What `fewbit NAME --help` prints, or `fewbit --help`. */
async function helpOf(name?: string): Promise<string> {
  let text = "";
  const program = newProgram("1").configureOutput({ writeOut: (part) => text += part });
  if (name === undefined) program.outputHelp();
  else {
    const command = program.command(name).description(COMMANDS[name].description);
    (await COMMANDS[name].load()).default(command, new AbortController().signal);
    command.outputHelp();
  }
  return text;
}

/** The lines of its examples. */
async function examplesOf(name?: string): Promise<string[]> {
  const [, text = ""] = (await helpOf(name)).split("\nExamples:\n");
  return text.split("\n\n")[0].split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Commands that end when they are told to. */
const ENDLESS: readonly (string | undefined)[] = ["serve"];

interface Printed {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Runs a line in a shell in which `fewbit` is the command line; one that is endless, until it says something. */
async function run(line: string, cwd: string, endless: boolean): Promise<Printed> {
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `fewbit() { ${endless ? "exec " : ""}"$DENO" run --quiet -A "$CLI" "$@"; }\n${line}`,
    ],
    env: { DENO: Deno.execPath(), CLI },
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const err = new Response(child.stderr).text();
  let out = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    out += text;
    if (endless && out.includes("\n")) child.kill("SIGINT");
  }
  const { code } = await child.status;
  return { out, err: await err, code };
}

Deno.test("help: every command has examples, one of them with --json, in lines of 100 characters", async () => {
  for (const name of Object.keys(COMMANDS)) {
    const examples = await examplesOf(name);
    assert.ok(examples.length >= 2, `${name} has ${examples.length} examples`);
    assert.ok(examples.some((line) => /--json\b/.test(line)), `${name} has none with --json`);
    assert.ok(examples.filter((line) => line.includes(`fewbit ${name} `)).length >= 2, name);
    for (const line of examples) {
      assert.ok(/(^| )fewbit \w/.test(line) && line.length <= 98, `${name}: ${line}`);
    }
  }
});

Deno.test({
  name:
    "help: every example runs as it stands, prints JSON where it says so, and no colours in pipes",
  // They are lines of a POSIX shell.
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      await writeExampleFiles(folder);
      let objects = 0;
      for (const name of [undefined, ...Object.keys(COMMANDS)]) {
        for (const line of await examplesOf(name)) {
          const endless = ENDLESS.includes(name);
          const { out, err, code } = await run(line, folder, endless);
          assert.equal(code, endless ? 130 : 0, `${line}\n${err}`);
          assert.ok(!(out + err).includes("\x1b"), line);
          if (!line.includes("--json")) continue;
          const lines = out.split("\n");
          assert.equal(lines.pop(), "", line);
          assert.ok(lines.length > 0, line);
          for (const each of lines) {
            const value = JSON.parse(each);
            assert.ok(value !== null && typeof value === "object" && !Array.isArray(value), line);
            assert.deepEqual(keysWithCapitals(value), [], line);
            objects++;
          }
        }
      }
      assert.ok(objects >= Object.keys(COMMANDS).length, `${objects} objects`);
    }),
});

/** Keys that are not in `snake_case`, but for those of a model's own metadata. */
function keysWithCapitals(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "metadata" ? [] : [
      ...!Array.isArray(value) && /[A-Z]/.test(key) ? [key] : [],
      ...keysWithCapitals(inner),
    ]
  );
}
