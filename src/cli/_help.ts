/** Help texts. */
import type { Argument, Command } from "./_command.ts";

/** Columns of a help text. */
const WIDTH = 100;

/** The text that `fewbit --help` prints. */
export function mainHelp(
  commands: readonly (readonly [name: string, description: string])[],
): string {
  return [
    "Few-bit neural networks anywhere WebAssembly runs",
    "",
    "USAGE fewbit COMMAND …",
    "",
    ...table(commands),
    "",
    "fewbit COMMAND --help explains each.",
  ].join("\n");
}

/** The text that `fewbit COMMAND --help` prints. */
export function commandHelp(name: string, command: Command): string {
  const all = Object.entries(command.arguments);
  const words = all.filter(([, { type }]) => type === "positional");
  const options = all.filter(([, { type }]) => type !== "positional");
  const usage = words.map(([word, { required, multiple }]) => {
    const text = `${word.toUpperCase()}${multiple ? "…" : ""}`;
    return required ? text : `[${text}]`;
  });
  return [
    command.description,
    "",
    ["USAGE fewbit", name, ...usage, "[OPTIONS]"].join(" "),
    ...words.length > 0
      ? ["", ...table(words.map(([word, each]) => [word.toUpperCase(), textOf(each)]))]
      : [],
    "",
    ...table([
      ...options.map(([option, each]) => [flagsOf(option, each), textOf(each)] as const),
      ["--help, -h", "This text"],
    ]),
  ].join("\n");
}

function flagsOf(name: string, { type, alias }: Argument): string {
  const value = type === "boolean" ? "" : ` ${name.split("-").at(-1)!.toUpperCase()}`;
  return `--${name}${alias === undefined ? "" : `, -${alias}`}${value}`;
}

function textOf({ description, default: value, type, required }: Argument): string {
  if (value !== undefined && !/default/i.test(description)) {
    return `${description} (default ${value})`;
  }
  return required && type !== "positional" ? `${description} (must be given)` : description;
}

/** Two columns, the second one broken between words. */
function table(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const left = Math.max(...rows.map(([text]) => text.length)) + 4;
  return rows.flatMap(([name, text]) => {
    const lines = [""];
    for (const word of text.split(" ")) {
      const line = lines[lines.length - 1];
      if (line !== "" && left + line.length + 1 + word.length > WIDTH) lines.push(word);
      else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    }
    return lines.map((line, i) => `  ${(i === 0 ? name : "").padEnd(left - 2)}${line}`);
  });
}
