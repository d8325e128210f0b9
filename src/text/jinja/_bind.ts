import { TemplateError } from "./_errors.ts";
import type { CallArguments, Value } from "./_values.ts";

/** The arguments of a call by the names of parameters; `undefined` where one was not given. */
export function bind(
  what: string,
  args: CallArguments,
  names: readonly string[],
  required = 0,
): (Value | undefined)[] {
  if (args.positional.length > names.length) {
    throw new TemplateError(`${what} takes at most ${names.length} arguments`);
  }
  const values: (Value | undefined)[] = [...args.positional];
  for (const [name, value] of args.named) {
    const at = names.indexOf(name);
    if (at < 0) throw new TemplateError(`${what} got an unexpected keyword argument '${name}'`);
    if (values[at] !== undefined) throw new TemplateError(`${what} got '${name}' twice`);
    values[at] = value;
  }
  for (let i = 0; i < required; i++) {
    if (values[i] === undefined) {
      throw new TemplateError(`${what} misses the argument '${names[i]}'`);
    }
  }
  return values;
}
