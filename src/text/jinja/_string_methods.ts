/** Methods of texts. */
import { bind } from "./_bind.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { formatBraces } from "./_braces.ts";
import { capitalize, isCharacters, lower, swapCase, title, upper } from "./_letter_case.ts";
import type { Meter } from "./_meter.ts";
import { strip } from "./_spaces.ts";
import { partition, replaceTexts, split, splitLines } from "./_split_text.ts";
import { Callable, integerOf, itemsOf, textOf, Tuple } from "./_values.ts";
import type { CallArguments, Value } from "./_values.ts";

type Method = (text: string, args: CallArguments, meter: Meter) => Value;

/** A method without arguments. */
function plain(work: (text: string) => Value): Method {
  return (text, args) => {
    bind("the method", args, []);
    return work(text);
  };
}

function stripping(sides: "both" | "left" | "right"): Method {
  return (text, args) => {
    const [characters] = bind("strip", args, ["chars"]);
    return strip(text, sides, optionalText(characters));
  };
}

function optionalText(value: Value | undefined): string | undefined {
  return value === undefined || value === null ? undefined : textOf(value, "an argument");
}

/** `start` and `end` as Python takes them, in code points. */
function cut(
  text: string,
  start: Value | undefined,
  end: Value | undefined,
): { readonly part: string; readonly offset: number; readonly valid: boolean } {
  const characters = [...text];
  const n = characters.length;
  const place = (bound: Value | undefined, otherwise: number) => {
    if (bound === undefined || bound === null) return otherwise;
    const at = integerOf(bound, "a place");
    return at < 0 ? Math.max(0, at + n) : at;
  };
  const [from, to] = [place(start, 0), Math.min(place(end, n), n)];
  return { part: characters.slice(from, to).join(""), offset: from, valid: from <= to };
}

function affix(test: (part: string, affix: string) => boolean): Method {
  return (text, args) => {
    const [affix, start, end] = bind("the method", args, ["prefix", "start", "end"], 1);
    const { part, valid } = cut(text, start, end);
    const all = affix instanceof Tuple ? affix.items : [affix!];
    return all.some((one) => valid && test(part, textOf(one, "an argument")));
  };
}

function finding(find: (part: string, what: string) => number, fails: boolean): Method {
  return (text, args) => {
    const [what, start, end] = bind("find", args, ["sub", "start", "end"], 1);
    const { part, offset, valid } = cut(text, start, end);
    const at = valid ? find(part, textOf(what!, "an argument")) : -1;
    if (at < 0 && fails) throw new TemplateError("substring not found");
    return at < 0 ? -1 : offset + [...part.slice(0, at)].length;
  };
}

function splitting(fromRight: boolean): Method {
  return (text, args, meter) => {
    const [separator, most] = bind("split", args, ["sep", "maxsplit"]);
    const limit = most === undefined ? -1 : integerOf(most, "maxsplit");
    return meter.list(split(text, optionalText(separator), limit, fromRight));
  };
}

function justifying(side: "left" | "right" | "both"): Method {
  return (text, args, meter) => {
    const [width, fill] = bind("the method", args, ["width", "fillchar"], 1);
    return justify(text, integerOf(width!, "width"), side, optionalText(fill) ?? " ", meter);
  };
}

/** Python's `ljust`, `rjust` and `center`. */
export function justify(
  text: string,
  width: number,
  side: "left" | "right" | "both",
  fill: string,
  meter: Meter,
): string {
  if ([...fill].length !== 1) {
    throw new TemplateError("The fill character must be exactly one character long");
  }
  const missing = Math.max(0, width - [...text].length);
  meter.length(missing + text.length);
  // An odd one goes to the left where the width is odd.
  const left = side === "left"
    ? 0
    : side === "right"
    ? missing
    : (missing >> 1) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

const METHODS: Readonly<Record<string, Method>> = {
  strip: stripping("both"),
  lstrip: stripping("left"),
  rstrip: stripping("right"),
  split: splitting(false),
  rsplit: splitting(true),
  splitlines: (text, args) => {
    const [keep] = bind("splitlines", args, ["keepends"]);
    return splitLines(text, keep === true || keep === 1);
  },
  partition: (text, args) =>
    partition(text, textOf(bind("partition", args, ["sep"], 1)[0]!, "sep"), false),
  rpartition: (text, args) =>
    partition(text, textOf(bind("rpartition", args, ["sep"], 1)[0]!, "sep"), true),
  startswith: affix((part, prefix) => part.startsWith(prefix)),
  endswith: affix((part, suffix) => part.endsWith(suffix)),
  removeprefix: (text, args) => {
    const prefix = textOf(bind("removeprefix", args, ["prefix"], 1)[0]!, "prefix");
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  },
  removesuffix: (text, args) => {
    const suffix = textOf(bind("removesuffix", args, ["suffix"], 1)[0]!, "suffix");
    return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  },
  find: finding((part, what) => part.indexOf(what), false),
  rfind: finding((part, what) => part.lastIndexOf(what), false),
  index: finding((part, what) => part.indexOf(what), true),
  rindex: finding((part, what) => part.lastIndexOf(what), true),
  count: (text, args) => {
    const [what, start, end] = bind("count", args, ["sub", "start", "end"], 1);
    const { part, valid } = cut(text, start, end);
    const sub = textOf(what!, "an argument");
    if (!valid) return 0;
    return sub === "" ? [...part].length + 1 : part.split(sub).length - 1;
  },
  replace: (text, args, meter) => {
    const [from, to, most] = bind("replace", args, ["old", "new", "count"], 2);
    const limit = most === undefined ? -1 : integerOf(most, "count");
    return replaceTexts(text, textOf(from!, "old"), textOf(to!, "new"), limit, meter);
  },
  join: (text, args, meter) => {
    const [list] = bind("join", args, ["iterable"], 1);
    const items = itemsOf(list!).map((item) => textOf(item, "an item"));
    meter.length(items.reduce((sum, item) => sum + item.length + text.length, 0));
    return items.join(text);
  },
  format: (text, args, meter) => meter.text(formatBraces(text, args, meter)),
  lower: plain(lower),
  casefold: () => {
    throw unsupported("the method casefold");
  },
  upper: plain(upper),
  title: plain(title),
  capitalize: plain(capitalize),
  swapcase: plain(swapCase),
  ljust: justifying("left"),
  rjust: justifying("right"),
  center: justifying("both"),
  zfill: (text, args, meter) => {
    const width = integerOf(bind("zfill", args, ["width"], 1)[0]!, "width");
    const sign = /^[+-]/.exec(text)?.[0] ?? "";
    const missing = Math.max(0, width - [...text].length);
    meter.length(missing + text.length);
    return sign + "0".repeat(missing) + text.slice(sign.length);
  },
  isalpha: plain((text) => isCharacters(text, "alpha")),
  isdigit: plain((text) => isCharacters(text, "digit")),
  isdecimal: plain((text) => isCharacters(text, "decimal")),
  isnumeric: plain((text) => isCharacters(text, "numeric")),
  isalnum: plain((text) => isCharacters(text, "alnum")),
  isspace: plain((text) => isCharacters(text, "space")),
  isupper: plain((text) => text !== lower(text) && text === upper(text)),
  islower: plain((text) => text !== upper(text) && text === lower(text)),
};

/** Methods of Python's texts that nothing here has. */
const OTHERS = [
  "encode",
  "expandtabs",
  "format_map",
  "isascii",
  "isidentifier",
  "isprintable",
  "istitle",
  "maketrans",
  "translate",
];

/** What a text has. */
export const STRING_METHODS: ReadonlySet<string> = new Set([...Object.keys(METHODS), ...OTHERS]);

/** A method of a text. */
export function stringMethod(text: string, name: string, meter: Meter): Callable {
  if (OTHERS.includes(name)) throw unsupported(`the method ${name} of a text`);
  return new Callable(name, (args) => METHODS[name](text, args, meter));
}
