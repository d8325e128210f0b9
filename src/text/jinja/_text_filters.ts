/** Filters that make texts. */
import { bind } from "./_bind.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import type { FilterFunction } from "./_filter.ts";
import { capitalize, lower, upper } from "./_letter_case.ts";
import { formatPercent } from "./_percent.ts";
import { strip } from "./_spaces.ts";
import { replaceTexts, splitLines } from "./_split_text.ts";
import { justify } from "./_string_methods.ts";
import { str } from "./_text.ts";
import { toJson } from "./_to_json.ts";
import { integerOf, isTrue, itemsOf, Markup, textOf, Tuple } from "./_values.ts";
import type { Value } from "./_values.ts";

/** `soft_str` of Jinja2. */
function soft(value: Value): string {
  if (value instanceof Markup) throw unsupported("a safe text that is used");
  return str(value);
}

function simple(work: (text: string) => string): FilterFunction {
  return (value, args, { meter }) => {
    bind("the filter", args, []);
    return meter.text(work(soft(value)));
  };
}

/** Jinja2's `title`: a capital after white space and some punctuation. */
function title(text: string): string {
  return text.split(/([-\s({[<]+)/).map((part) => part === "" ? part : capitalize(part)).join("");
}

/** By name. */
export const TEXT_FILTERS: Readonly<Record<string, FilterFunction>> = {
  lower: simple(lower),
  upper: simple(upper),
  capitalize: simple(capitalize),
  title: simple(title),
  string: simple((text) => text),
  safe: (value, args) => {
    bind("safe", args, []);
    return value instanceof Markup ? value : new Markup(str(value));
  },
  trim: (value, args) => {
    const [characters] = bind("trim", args, ["chars"]);
    const set = characters === undefined || characters === null
      ? undefined
      : textOf(characters, "chars");
    return strip(soft(value), "both", set);
  },
  replace: (value, args, { meter }) => {
    const [from, to, count] = bind("replace", args, ["old", "new", "count"], 2);
    const limit = count === undefined || count === null ? -1 : integerOf(count, "count");
    return replaceTexts(soft(value), soft(from!), soft(to!), limit, meter);
  },
  format: (value, args, { meter }) => {
    const { positional, named } = args;
    if (positional.length > 0 && named.size > 0) {
      throw new TemplateError("can't handle positional and keyword arguments at the same time");
    }
    const values = named.size > 0 ? new Map<Value, Value>(named) : new Tuple(positional);
    return meter.text(formatPercent(soft(value), values, meter));
  },
  center: (value, args, { meter }) => {
    const [width] = bind("center", args, ["width"]);
    return justify(soft(value), integerOf(width ?? 80, "width"), "both", " ", meter);
  },
  indent: (value, args, { meter }) => {
    const [width, first, blank] = bind("indent", args, ["width", "first", "blank"]);
    const unit = typeof width === "string"
      ? width
      : " ".repeat(bounded(integerOf(width ?? 4, "width")));
    const text = soft(value);
    const indented = indent(text, unit, isTrue(first ?? false), isTrue(blank ?? false));
    return meter.text(indented);
  },
  join: (value, args, context) => {
    const [separator, attribute] = bind("join", args, ["d", "attribute"]);
    const items = attribute === undefined || attribute === null
      ? itemsOf(value)
      : itemsOf(value).map((item) => context.path(item, attribute));
    const texts = items.map(soft);
    const between = separator === undefined ? "" : soft(separator);
    context.meter.length(texts.reduce((sum, text) => sum + text.length + between.length, 0));
    return texts.join(between);
  },
  tojson: (value, args, { meter }) => {
    const names = ["ensure_ascii", "indent", "separators", "sort_keys"];
    const [ascii, indent, separators, sortKeys] = bind("tojson", args, names);
    const width = indent === undefined || indent === null
      ? undefined
      : typeof indent === "string"
      ? indent
      : " ".repeat(bounded(integerOf(indent, "indent")));
    const pair = separators === undefined || separators === null
      ? [width === undefined ? ", " : ",", ": "]
      : itemsOf(separators).map((text) => textOf(text, "a separator"));
    if (pair.length !== 2) throw new TemplateError("separators are two texts");
    return meter.text(toJson(value, {
      indent: width,
      separators: [pair[0], pair[1]],
      sortKeys: isTrue(sortKeys ?? false),
      ascii: isTrue(ascii ?? false),
    }, meter));
  },
  wordcount: (value, args) => {
    bind("wordcount", args, []);
    const text = soft(value);
    // deno-lint-ignore no-control-regex
    if (/[^\x00-\x7f]/.test(text)) throw unsupported("wordcount of a text beyond ASCII");
    return (text.match(/\w+/g) ?? []).length;
  },
  truncate: (value, args) => {
    const names = ["length", "killwords", "end", "leeway"];
    const [length, kill, end, leeway] = bind("truncate", args, names);
    const text = [...soft(value)];
    const most = integerOf(length ?? 255, "length");
    const tail = end === undefined ? "..." : textOf(end, "end");
    if (text.length <= most + integerOf(leeway ?? 5, "leeway")) return text.join("");
    const kept = text.slice(0, Math.max(0, most - [...tail].length)).join("");
    if (isTrue(kill ?? false)) return kept + tail;
    const space = kept.lastIndexOf(" ");
    return (space < 0 ? kept : kept.slice(0, space)) + tail;
  },
};

function bounded(width: number): number {
  if (width > 1000) throw unsupported("an indentation of more than 1000");
  return Math.max(0, width);
}

function indent(text: string, unit: string, first: boolean, blank: boolean): string {
  const lines = splitLines(`${text}\n`, false);
  const written = blank
    ? lines.join(`\n${unit}`)
    : lines.map((line, i) => i > 0 && line !== "" ? unit + line : line).join("\n");
  return first ? unit + written : written;
}
