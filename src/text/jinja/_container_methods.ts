/** Methods of lists, tuples and dicts. Those that change one are refused, as by Jinja2's sandbox. */
import { bind } from "./_bind.ts";
import { equal } from "./_compare.ts";
import { TemplateError } from "./_errors.ts";
import { Callable, integerOf, keyOf, Tuple, View } from "./_values.ts";
import type { Dict, Value } from "./_values.ts";

const CHANGES_DICT = ["clear", "pop", "popitem", "setdefault", "update"];
const CHANGES_LIST = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];

/** What a dict has. */
export const DICT_METHODS: ReadonlySet<string> = new Set([
  ...CHANGES_DICT,
  "copy",
  "fromkeys",
  "get",
  "items",
  "keys",
  "values",
]);

/** What lists and tuples have. */
export const SEQUENCE_METHODS: ReadonlySet<string> = new Set([
  ...CHANGES_LIST,
  "copy",
  "count",
  "index",
]);

function unsafe(name: string): Callable {
  return new Callable(name, () => {
    throw new TemplateError(`'${name}' is not safely callable`);
  });
}

/** A method of a dict. */
export function dictMethod(dict: Dict, name: string): Callable {
  if (CHANGES_DICT.includes(name) || name === "fromkeys") return unsafe(name);
  return new Callable(name, (args) => {
    if (name === "get") {
      const [key, otherwise] = bind(name, args, ["key", "default"], 1);
      return dict.get(keyOf(key!)) ?? otherwise ?? null;
    }
    bind(name, args, []);
    if (name === "copy") return new Map(dict);
    if (name === "keys") return new View(name, [...dict.keys()]);
    if (name === "values") return new View(name, [...dict.values()]);
    return new View("items", [...dict].map((entry) => new Tuple(entry)));
  });
}

/** A method of a list or tuple. */
export function listMethod(
  items: readonly Value[],
  name: string,
  isList: boolean,
): Callable | undefined {
  if (!isList && (CHANGES_LIST.includes(name) || name === "copy")) return undefined;
  if (CHANGES_LIST.includes(name)) return unsafe(name);
  return new Callable(name, (args) => {
    if (name === "copy") {
      bind(name, args, []);
      return [...items];
    }
    const [item, start] = bind(name, args, ["value", "start"], 1);
    if (name === "count") return items.filter((other) => equal(other, item!)).length;
    const from = start === undefined ? 0 : integerOf(start, "start");
    const first = from < 0 ? Math.max(0, from + items.length) : from;
    const at = items.findIndex((other, i) => i >= first && equal(other, item!));
    if (at < 0) throw new TemplateError("value is not in list");
    return at;
  });
}
