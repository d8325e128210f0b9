/** Arguments of a command line; nothing is passed over. */
import { closest } from "./_closest.ts";
import type { Argument, Arguments, Values } from "./_command.ts";

/** Something that was typed is wrong: one line, and status 2. */
export class UsageError extends Error {}

/** What was typed. */
export interface Parsed {
  readonly values: Values<Arguments>;
  /** How each option was typed: `--output` or `-o`. */
  readonly typed: ReadonlyMap<string, string>;
  readonly help: boolean;
}

type Given = Map<string, string[]>;

/**
 * Parses what stands behind the name of a command. A word that begins with a dash comes after `--`.
 *
 * @throws {UsageError} For options that are not known or lack a value, and for words too many or few.
 */
export function parse(args: readonly string[], spec: Arguments): Parsed {
  const [given, typed, words]: [Given, Map<string, string>, string[]] = [new Map(), new Map(), []];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === "--") {
      words.push(...args.slice(at + 1));
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      words.push(arg);
      continue;
    }
    const { name, flag, value } = splitFlag(arg, spec);
    if (name === "help") return { values: {}, typed, help: true };
    const { type, multiple } = spec[name];
    if (given.has(name) && !multiple) throw new UsageError(`Option ${flag} is given twice`);
    typed.set(name, flag);
    if (type === "boolean") {
      if (value !== undefined) throw new UsageError(`Option ${flag} takes no value`);
      given.set(name, []);
      continue;
    }
    const next = value ?? args[++at];
    if (next === undefined || value === undefined && next.startsWith("--")) {
      throw new UsageError(`Option ${flag} needs a value`);
    }
    given.set(name, [...given.get(name) ?? [], next]);
  }
  takeWords(words, spec, given);
  return { values: valuesOf(spec, given), typed, help: false };
}

function splitFlag(
  arg: string,
  spec: Arguments,
): { name: string; flag: string; value: string | undefined } {
  const options = Object.entries(spec).filter(([, { type }]) => type !== "positional");
  if (!arg.startsWith("--")) {
    const [letter, rest] = [arg[1], arg.slice(2)];
    if (letter === "h" && rest === "") return { name: "help", flag: "-h", value: undefined };
    const found = options.find(([, { alias }]) => alias === letter);
    if (found === undefined) throw unknown(arg, options);
    const value = rest === "" ? undefined : rest.replace(/^=/, "");
    return { name: found[0], flag: `-${letter}`, value };
  }
  const end = arg.indexOf("=");
  const flag = end < 0 ? arg : arg.slice(0, end);
  const name = flag.slice(2);
  if (name !== "help" && !options.some(([option]) => option === name)) throw unknown(flag, options);
  return { name, flag, value: end < 0 ? undefined : arg.slice(end + 1) };
}

function unknown(flag: string, options: readonly [string, Argument][]): UsageError {
  const names = [...options.map(([name]) => name), "help"];
  const meant = closest(flag.replace(/^-+/, ""), names);
  if (meant !== undefined) {
    return new UsageError(`Unknown option ${flag}; did you mean --${meant}?`);
  }
  const hint = /^-[^-]/.test(flag) ? "; a word that begins with a dash comes after --" : "";
  return new UsageError(`Unknown option ${flag}${hint}`);
}

function takeWords(words: readonly string[], spec: Arguments, given: Given): void {
  const places = Object.entries(spec).filter(([, { type }]) => type === "positional");
  let at = 0;
  for (const [name, { multiple, required }] of places) {
    const taken = words.slice(at, multiple ? words.length : at + 1);
    if (taken.length === 0 && required) throw new UsageError(`Missing: ${name.toUpperCase()}`);
    if (taken.length > 0) given.set(name, taken);
    at += taken.length;
  }
  if (at === words.length) return;
  const text = places.length === 0 ? "no words" : "no more words";
  const hint = words[at].includes(" ") ? "" : "; a text of several words stands in quotes";
  throw new UsageError(`Unexpected word ${JSON.stringify(words[at])}: expected ${text}${hint}`);
}

function valuesOf(spec: Arguments, given: Given): Values<Arguments> {
  return Object.fromEntries(
    Object.entries(spec).map(([name, argument]) => {
      const values = given.get(name);
      if (argument.type === "boolean") return [name, values !== undefined];
      if (argument.multiple) return [name, values ?? []];
      const value = values?.[0] ?? argument.default;
      if (value === undefined && argument.required) {
        throw new UsageError(`Option --${name} is missing`);
      }
      return [name, value];
    }),
  );
}
