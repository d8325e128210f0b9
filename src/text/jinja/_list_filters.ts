/** Filters that take lists. */
import { bind } from "./_bind.ts";
import { equal, order } from "./_compare.ts";
import { arithmetic } from "./_arithmetic.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import type { FilterContext, FilterFunction } from "./_filter.ts";
import { lower } from "./_letter_case.ts";
import {
  Float,
  integerOf,
  isTrue,
  itemsOf,
  keyOf,
  Lazy,
  lengthOf,
  Markup,
  Range,
  textOf,
  Tuple,
  typeName,
  Undefined,
} from "./_values.ts";
import type { CallArguments, Value } from "./_values.ts";

/** Small letters for texts, unless their case counts. */
function folded(value: Value, caseSensitive: Value | undefined): Value {
  return typeof value === "string" && !isTrue(caseSensitive ?? false) ? lower(value) : value;
}

/** What items are ordered by: themselves, or an attribute. */
function keyFor(
  item: Value,
  attribute: Value | undefined,
  caseSensitive: Value | undefined,
  context: FilterContext,
): Value {
  const value = attribute === undefined || attribute === null
    ? item
    : context.path(item, attribute);
  return folded(value, caseSensitive);
}

function sorted<T>(items: readonly T[], key: (item: T) => Value, reverse: boolean): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse ? -1 : 1;
  return keyed.sort((a, b) => sign * order(a.key, b.key)).map(({ item }) => item);
}

function extreme(name: string, sign: number): FilterFunction {
  return (value, args, context) => {
    const [caseSensitive, attribute] = bind(name, args, ["case_sensitive", "attribute"]);
    const items = itemsOf(value);
    if (items.length === 0) return new Undefined("No aggregated item, sequence was empty.");
    const key = (item: Value) => keyFor(item, attribute, caseSensitive, context);
    return items.reduce((best, item) => sign * order(key(item), key(best)) < 0 ? item : best);
  };
}

/** `select`, `reject`, `selectattr` and `rejectattr`. */
function selecting(keep: boolean, byAttribute: boolean): FilterFunction {
  return (value, { positional, named }, context) => {
    const rest = byAttribute ? positional.slice(1) : positional;
    if (byAttribute && positional.length === 0) {
      throw new TemplateError("Missing parameter for attribute name");
    }
    const [test, ...args] = rest;
    const passes = (item: Value) => {
      const subject = byAttribute ? context.path(item, positional[0]) : item;
      context.meter.step();
      if (test === undefined) return isTrue(subject);
      return context.test(textOf(test, "a test"), subject, { positional: args, named });
    };
    return new Lazy(itemsOf(value).filter((item) => passes(item) === keep));
  };
}

function map(value: Value, args: CallArguments, context: FilterContext): Value {
  const { positional, named } = args;
  if (positional.length === 0 && named.has("attribute")) {
    const [, otherwise] = bind("map", args, ["attribute", "default"]);
    const path = named.get("attribute")!;
    return new Lazy(itemsOf(value).map((item) => context.path(item, path, otherwise)));
  }
  const [name, ...rest] = positional;
  if (name === undefined) throw new TemplateError("map requires a filter argument");
  const filter = textOf(name, "a filter");
  return new Lazy(
    itemsOf(value).map((item) => {
      context.meter.step();
      return context.filter(filter, item, { positional: rest, named });
    }),
  );
}

/** `attribute='a,b'` sorts by one, then by the other. */
function sort(value: Value, args: CallArguments, context: FilterContext): Value {
  const [reverse, caseSensitive, attribute] = bind("sort", args, [
    "reverse",
    "case_sensitive",
    "attribute",
  ]);
  const paths = typeof attribute === "string" ? attribute.split(",") : [attribute];
  const key = (item: Value): Value => {
    const keys = paths.map((path) => keyFor(item, path, caseSensitive, context));
    return typeof attribute === "string" ? keys : keys[0];
  };
  const items = itemsOf(value);
  context.meter.step(items.length * 8);
  return sorted(items, key, isTrue(reverse ?? false));
}

function groupBy(value: Value, args: CallArguments, context: FilterContext): Value {
  const [attribute, otherwise, caseSensitive] = bind(
    "groupby",
    args,
    ["attribute", "default", "case_sensitive"],
    1,
  );
  const own = (item: Value) => context.path(item, attribute!, otherwise);
  const key = (item: Value) => folded(own(item), caseSensitive);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(itemsOf(value), key, false)) {
    const last = groups.at(-1);
    if (last !== undefined && equal(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map(({ items }) => new Tuple([own(items[0]), items], ["grouper", "list"]));
}

/** By name. */
export const LIST_FILTERS: Readonly<Record<string, FilterFunction>> = {
  map,
  sort,
  groupby: groupBy,
  select: selecting(true, false),
  reject: selecting(false, false),
  selectattr: selecting(true, true),
  rejectattr: selecting(false, true),
  min: extreme("min", 1),
  max: extreme("max", -1),
  sum: (value, args, context) => {
    const [attribute, start] = bind("sum", args, ["attribute", "start"]);
    const items = attribute === undefined || attribute === null
      ? itemsOf(value)
      : itemsOf(value).map((item) => context.path(item, attribute));
    if (typeof start === "string") throw new TemplateError("sum() can't sum strings");
    return items.reduce<Value>(
      (sum, item) => arithmetic("+", sum, item, context.meter),
      start ?? 0,
    );
  },
  unique: (value, args, context) => {
    const [caseSensitive, attribute] = bind("unique", args, ["case_sensitive", "attribute"]);
    const seen = new Set<Value>();
    const kept = itemsOf(value).filter((item) => {
      const key = keyFor(item, attribute, caseSensitive, context);
      const plain = key instanceof Float ? key.value : typeof key === "boolean" ? Number(key) : key;
      if (plain !== null && typeof plain === "object") keyOf(plain);
      if (seen.has(plain)) return false;
      seen.add(plain);
      return true;
    });
    return new Lazy(kept);
  },
  first: (value, args) => {
    bind("first", args, []);
    return itemsOf(value)[0] ?? new Undefined("No first item, sequence was empty.");
  },
  last: (value, args) => {
    bind("last", args, []);
    if (value instanceof Lazy) throw new TemplateError("'generator' object is not reversible");
    return itemsOf(value).at(-1) ?? new Undefined("No last item, sequence was empty.");
  },
  length,
  count: length,
  list: (value, args, { meter }) => {
    bind("list", args, []);
    return meter.list([...itemsOf(value)]);
  },
  reverse: (value, args) => {
    bind("reverse", args, []);
    if (value instanceof Markup) throw unsupported("a safe text that is used");
    const items = [...itemsOf(value)].reverse();
    return typeof value === "string" ? items.join("") : new Lazy(items);
  },
  items: (value, args) => {
    bind("items", args, []);
    if (value instanceof Undefined) return new Lazy([]);
    if (!(value instanceof Map)) throw new TemplateError("Can only get item pairs from a mapping.");
    return new Lazy([...value].map((entry) => new Tuple(entry)));
  },
  dictsort: (value, args) => {
    const [caseSensitive, by, reverse] = bind("dictsort", args, [
      "case_sensitive",
      "by",
      "reverse",
    ]);
    if (!(value instanceof Map)) {
      throw new TemplateError(`'${typeName(value)}' object has no items`);
    }
    const place = ["key", "value"].indexOf(textOf(by ?? "key", "by"));
    if (place < 0) throw new TemplateError('You can only sort by either "key" or "value"');
    const key = (entry: readonly [Value, Value]) => folded(entry[place], caseSensitive);
    return sorted([...value], key, isTrue(reverse ?? false)).map((entry) => new Tuple(entry));
  },
  batch: (value, args, { meter }) => {
    const [count, fill] = bind("batch", args, ["linecount", "fill_with"], 1);
    const size = integerOf(count!, "linecount");
    if (size < 1) throw unsupported("batches of less than one");
    meter.length(size);
    const items = itemsOf(value);
    const rows = Array.from(
      { length: Math.ceil(items.length / size) },
      (_, i) => items.slice(i * size, (i + 1) * size),
    );
    if (fill === undefined || fill === null) return new Lazy(rows);
    return new Lazy(rows.map((row) => [...row, ...Array<Value>(size - row.length).fill(fill)]));
  },
  slice: (value, args, { meter }) => {
    const [count, fill] = bind("slice", args, ["slices", "fill_with"], 1);
    const slices = integerOf(count!, "slices");
    if (slices < 1) throw new TemplateError("division by zero");
    meter.length(slices);
    const items = itemsOf(value);
    const [each, longer] = [Math.floor(items.length / slices), items.length % slices];
    let at = 0;
    return new Lazy(Array.from({ length: slices }, (_, i) => {
      const part = items.slice(at, at += each + (i < longer ? 1 : 0));
      return fill !== undefined && fill !== null && i >= longer ? [...part, fill] : part;
    }));
  },
};

function length(value: Value, args: CallArguments): Value {
  bind("length", args, []);
  return value instanceof Range ? value.length : lengthOf(value);
}
