/** Running a command line, from its words to its exit status. */
import { FewbitError } from "../errors.ts";
import { closest } from "./_closest.ts";
import type { Command } from "./_command.ts";
import { COMMANDS } from "./_commands.ts";
import { asTyped } from "./_flags_as_typed.ts";
import { commandHelp, mainHelp } from "./_help.ts";
import { parse, type Parsed, UsageError } from "./_parse.ts";
import { ClosedOutput, note, oneLine, print } from "./_print.ts";

/** Version of the package. */
const VERSION = "0.1.0";

/** Exit statuses: those of most shells and of `grep` and `git`. */
export const STATUS = {
  ok: 0,
  /** The command could not be done; one line says why. */
  failed: 1,
  /** What was typed is not a command. */
  usage: 2,
  /** 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGPIPE: nobody reads the output. */
  closedOutput: 141,
} as const;

/**
 * Does what the words say and returns the exit status. A failure that has a name is one line; anything else is a
 * defect and shows where it happened.
 */
export async function runMain(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  let [command, parsed]: [Command | undefined, Parsed | undefined] = [undefined, undefined];
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      print(
        mainHelp(Object.entries(COMMANDS).map(([each, { description }]) => [each, description])),
      );
      return STATUS.ok;
    }
    if (name === "--version") {
      print(VERSION);
      return STATUS.ok;
    }
    command = await loadCommand(name);
    parsed = parse(rest, command.arguments);
    if (parsed.help) {
      print(commandHelp(name, command));
      return STATUS.ok;
    }
    return await command.run(parsed.values, signal) ?? STATUS.ok;
  } catch (error) {
    if (error instanceof ClosedOutput) return STATUS.closedOutput;
    if (signal.aborted) {
      note("fewbit: interrupted");
      return STATUS.interrupted;
    }
    if (error instanceof UsageError) {
      const help = command === undefined ? "fewbit --help" : `fewbit ${name} --help`;
      note(oneLine(`fewbit: ${error.message} (see ${help})`));
      return STATUS.usage;
    }
    const known = knownError(error);
    if (known === undefined) note(`fewbit: a defect, please report it:\n${stackOf(error)}`);
    else {
      const message = command === undefined || parsed === undefined
        ? known.message
        : asTyped(known.message, command.arguments, parsed.typed);
      note(oneLine(`fewbit: ${message}`));
    }
    return STATUS.failed;
  }
}

async function loadCommand(name: string): Promise<Command> {
  if (Object.hasOwn(COMMANDS, name)) return (await COMMANDS[name].load()).default;
  const meant = closest(name, Object.keys(COMMANDS));
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  throw new UsageError(`Unknown command ${JSON.stringify(name)}${hint}`);
}

/** Errors of fewbit, and of a host that has no more memory. */
function knownError(error: unknown): FewbitError | undefined {
  if (error instanceof FewbitError) return error;
  if (error instanceof RangeError && /allocation|array length|buffer length/i.test(error.message)) {
    return new FewbitError("limit_exceeded", `Out of memory: ${error.message}`, { cause: error });
  }
  return undefined;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
