/** Running a command line, from its words to its exit status. */
import config from "../../deno.json" with { type: "json" };
import { CommanderError } from "./_commander.ts";
import { FewbitError } from "../errors.ts";
import { COMMANDS } from "./_commands.ts";
import { asTyped } from "./_flags_as_typed.ts";
import { ClosedOutput, note, oneLine } from "./_print.ts";
import { newProgram, typedFlags, usageMessage } from "./_program.ts";

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
  const words = wordsOf(args);
  const [name] = words;
  const isCommand = Object.hasOwn(COMMANDS, name);
  let typed: ReadonlyMap<string, string> = new Map();
  try {
    const program = newProgram(config.version);
    for (const [each, { description, load }] of Object.entries(COMMANDS)) {
      const command = program.command(each).description(description);
      if (each !== name) continue;
      (await load()).default(command, signal);
      typed = typedFlags(command, words.slice(1));
    }
    await program.parseAsync(words, { from: "user" });
    return STATUS.ok;
  } catch (error) {
    if (error instanceof ClosedOutput) return STATUS.closedOutput;
    if (signal.aborted) {
      note("fewbit: interrupted");
      return STATUS.interrupted;
    }
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return STATUS.ok;
      const help = isCommand ? `fewbit ${name} --help` : "fewbit --help";
      note(oneLine(`fewbit: ${usageMessage(error)} (see ${help})`));
      return STATUS.usage;
    }
    const known = knownError(error);
    if (known === undefined) note(`fewbit: a defect, please report it:\n${stackOf(error)}`);
    else note(oneLine(`fewbit: ${asTyped(known.message, typed)}`));
    return STATUS.failed;
  }
}

/** `fewbit` alone asks for help, and `fewbit help classify` for that of a command. */
function wordsOf(args: readonly string[]): readonly string[] {
  const words = args.length === 0 || args[0] === "help" ? [...args.slice(1), "--help"] : args;
  const [name] = words;
  // With `--help` behind it, commander would show help for a command that is not there.
  return name.startsWith("-") || Object.hasOwn(COMMANDS, name) ? words : [name];
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
