/** Commands as data: what they take, in types too. */

/** A word, or an option with or without a value. */
export interface Argument {
  /** A word by its place, an option with a value, or one that is there or not. */
  readonly type: "positional" | "string" | "boolean";
  readonly description: string;
  /** A letter for `-o`. */
  readonly alias?: string;
  /** Value where none is given. */
  readonly default?: string;
  /** Whether a word must be given, or an option. */
  readonly required?: boolean;
  /** Whether there may be several. Of words only the last ones can be. */
  readonly multiple?: boolean;
}

/** Arguments by their names, as they are typed; words in their order. */
export type Arguments = Readonly<Record<string, Argument>>;

/** What an argument gives to a command. */
type ValueOf<A extends Argument> = A["type"] extends "boolean" ? boolean
  : A extends { readonly multiple: true } ? readonly string[]
  : A extends { readonly default: string } | { readonly required: true } ? string
  : string | undefined;

/** What a command gets. */
export type Values<A extends Arguments> = { readonly [K in keyof A]: ValueOf<A[K]> };

/** A command. */
export interface Command<A extends Arguments = Arguments> {
  readonly description: string;
  readonly arguments: A;
  /** Does it; what it throws is told to the user. A number is the exit status. */
  readonly run: (values: Values<A>, signal: AbortSignal) => Promise<number | void>;
}

/** Makes a command whose values have the types of its arguments. */
export function defineCommand<const A extends Arguments>(command: Command<A>): Command {
  return command as unknown as Command;
}
