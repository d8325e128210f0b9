/** The command line as commander knows it, made strict. */
import { Command, type CommanderError, type CommandUnknownOpts } from "./_commander.ts";
import { write } from "./_print.ts";

/** Columns of a help text. */
const WIDTH = 100;

/** Longest message; a careless user may type a book without quotes. */
const LONGEST = 1000;

/** A program without commands. It throws where it would end the process, and prints nothing but help. */
export function newProgram(version: string): Command {
  return new Command("fewbit")
    .description("Few-bit neural networks anywhere WebAssembly runs")
    .version(version, "--version", "Show the version")
    .helpOption("-h, --help", "Show this text")
    .helpCommand(false)
    .addHelpText(
      "after",
      examples("fewbit classify boot.png", 'fewbit generate "ROMEO:" --seed 1 --max-tokens 24') +
        "\n\nfewbit <command> --help explains each.",
    )
    // As commander does it, but without the quotes around a value.
    .configureHelp({
      optionDescription: ({ description, defaultValue, defaultValueDescription }) =>
        defaultValue === undefined
          ? description
          : `${description} (default: ${defaultValueDescription ?? defaultValue})`,
    })
    // Options belong to the command that they stand behind.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: write,
      outputError: () => {},
      getOutHelpWidth: () => WIDTH,
      getOutHasColors: () => false,
    });
}

/** The end of a command's help text: command lines, which a test runs as they are. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** What commander says about a command line, in one line: `unknown option '--engin'; did you mean --engine?` */
export function usageMessage({ code, message }: CommanderError): string {
  const said = message.replace(/^error: /, "").replace(/\.$/, "")
    .replace(/\n\(Did (.*)\)$/, "; did $1");
  const short = said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said;
  if (code === "commander.excessArguments") {
    return `${short}; a text of several words stands in quotes`;
  }
  // Of options with one dash commander does not say what was meant.
  const isLetter = /^unknown option '-[^-][^]*'$/.test(said);
  return isLetter ? `${short}; a word that begins with a dash comes after --` : short;
}

/**
 * How each option was typed, `--output` or `-o`, by its name in code. Refuses what commander lets through: options
 * that are given twice, the next option as a value, `-output`, `-o=x`, and values of those that take none.
 *
 * @throws {CommanderError}
 */
export function typedFlags(
  command: CommandUnknownOpts,
  words: readonly string[],
): ReadonlyMap<string, string> {
  const typed = new Map<string, string>();
  for (let at = 0; at < words.length && words[at] !== "--"; at++) {
    const word = words[at];
    const { options } = command;
    if (options.some(({ long }) => long === `-${word}`)) {
      command.error(`error: unknown option '${word}'\n(Did you mean -${word}?)`);
    }
    const option = options.find(({ short, long }) =>
      word === long || word.startsWith(`${long}=`) || short && word.startsWith(short)
    );
    if (option === undefined) continue;
    const flag = (word.startsWith("--") ? option.long : option.short)!;
    const name = option.attributeName();
    if (typed.has(name) && option.parseArg === undefined) {
      command.error(`error: option '${flag}' is given twice`);
    }
    typed.set(name, flag);
    const joined = word.slice(flag.length);
    if (option.isBoolean()) {
      if (joined !== "") command.error(`error: option '${flag}' takes no value`);
    } else if (joined === "") {
      if (words[++at]?.startsWith("--")) command.error(`error: option '${flag}' needs a value`);
    } else if (flag === option.short && joined.startsWith("=")) {
      command.error(`error: option '${flag}' takes its value without =`);
    }
  }
  return typed;
}
