import { FewbitError } from "../../errors.ts";
import { bind } from "./_bind.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { Callable, integerOf, itemsOf, keyOf, Namespace, Range } from "./_values.ts";
import type { Value } from "./_values.ts";

/** The longest `range` of a template, which is Jinja2's sandbox's. */
const MAX_RANGE = 100_000;

/** What every template of Jinja2 has. */
export const GLOBALS: ReadonlyMap<string, Value> = new Map(
  [
    new Callable("range", (args) => {
      const given = bind("range", args, ["start", "stop", "step"], 1)
        .map((value) => integerOf(value!, "range"));
      const [start, stop, step = 1] = given.length === 1 ? [0, given[0]] : given;
      const range = new Range(start, stop, step);
      if (step === 0 || range.length > MAX_RANGE) {
        throw new FewbitError(
          "limit_exceeded",
          `Cannot render: the chat template counts from ${start} to ${stop} by ${step}, at most ${MAX_RANGE} steps are allowed`,
        );
      }
      return range;
    }),
    new Callable("namespace", ({ positional, named }) => {
      const namespace = new Namespace();
      if (positional.length > 1) throw new TemplateError("namespace takes one mapping");
      for (const [name, value] of entries(positional[0], named)) {
        namespace.attributes.set(String(name), value);
      }
      return namespace;
    }),
    new Callable("dict", ({ positional, named }) => {
      if (positional.length > 1) throw new TemplateError("dict expected at most 1 argument");
      return new Map(entries(positional[0], named));
    }),
    ...["cycler", "joiner", "lipsum"].map((name) =>
      new Callable(name, () => {
        throw unsupported(`the function ${name}`);
      })
    ),
  ].map((callable) => [callable.name, callable]),
);

/** What a mapping or pairs have, and the keyword arguments. */
function entries(given: Value | undefined, named: ReadonlyMap<string, Value>): [Value, Value][] {
  const own: [Value, Value][] = given === undefined
    ? []
    : given instanceof Map
    ? [...given]
    : itemsOf(given).map((pair) => {
      const [key, value, ...rest] = itemsOf(pair);
      if (value === undefined || rest.length > 0) throw new TemplateError("dict takes pairs");
      return [keyOf(key), value];
    });
  return [...own, ...named];
}
