/** Running the command line as a user does. */
import assert from "node:assert/strict";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;

/** What a command did. */
export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Starts a command. */
export function start(
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", CLI, ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).spawn();
}

/** Runs a command with a standard input. */
export async function fewbit(args: readonly string[], input = ""): Promise<Result> {
  const child = start(args);
  const writer = child.stdin.getWriter();
  // A command that fails early reads nothing.
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A command fails with one line that matches, and no trace of a stack. */
export async function fails(
  args: readonly string[],
  message: RegExp,
  code = 1,
  input = "",
): Promise<void> {
  const result = await fewbit(args, input);
  assert.equal(result.code, code, `${args.join(" ")}: ${result.err}`);
  assert.match(result.err, /^fewbit: [^\n]+\n$/, args.join(" "));
  assert.match(result.err, message);
  assert.doesNotMatch(result.err, /\bat .*\.ts|file:\/\/\//);
}

/** Runs it until it has printed something, then Ctrl-C; it ends with the status that says so. */
export async function interrupted(args: readonly string[], printed: string): Promise<void> {
  const child = start(args);
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  for (let text = ""; !text.includes(printed);) {
    const { value, done } = await reader.read();
    assert.ok(!done, text);
    text += decoder.decode(value);
  }
  child.kill("SIGINT");
  while (!(await reader.read()).done);
  await child.stdin.close();
  await child.stderr.cancel();
  assert.equal((await child.status).code, 130);
}
