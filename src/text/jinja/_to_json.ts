import type { Meter } from "./_meter.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { floatText, str } from "./_text.ts";
import { Float, Markup, Tuple, typeName } from "./_values.ts";
import type { Value } from "./_values.ts";
import { order } from "./_compare.ts";

/** How `tojson` writes. */
export interface JsonStyle {
  /** What each level is indented with; all on one line without it. */
  readonly indent: string | undefined;
  readonly separators: readonly [item: string, key: string];
  readonly sortKeys: boolean;
  readonly ascii: boolean;
}

/** Python's `json.dumps`, as transformers calls it. */
export function toJson(value: Value, style: JsonStyle, meter: Meter, depth = 0): string {
  meter.step();
  if (depth > 200) throw new TemplateError("Circular reference detected");
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "string") return meter.text(quoted(value, style.ascii));
  if (value instanceof Float) {
    return floatText(value.value).replace("inf", "Infinity").replace("nan", "NaN");
  }
  const inner = (item: Value) => toJson(item, style, meter, depth + 1);
  if (Array.isArray(value) || value instanceof Tuple) {
    const items = Array.isArray(value) ? value : value.items;
    return meter.text(enclosed("[", items.map(inner), "]", style, depth));
  }
  if (value instanceof Map) {
    const entries = style.sortKeys ? [...value].sort(([a], [b]) => order(a, b)) : [...value];
    const items = entries.map(([key, item]) =>
      quoted(str(key), style.ascii) + style.separators[1] + inner(item)
    );
    return meter.text(enclosed("{", items, "}", style, depth));
  }
  if (value instanceof Markup) throw unsupported("a safe text that is used");
  throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
}

function enclosed(
  open: string,
  items: readonly string[],
  close: string,
  { indent, separators }: JsonStyle,
  depth: number,
): string {
  if (items.length === 0) return open + close;
  if (indent === undefined) return open + items.join(separators[0]) + close;
  const line = `\n${indent.repeat(depth + 1)}`;
  return open + line + items.join(separators[0] + line) + `\n${indent.repeat(depth)}` + close;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
};

function quoted(text: string, ascii: boolean): string {
  // deno-lint-ignore no-control-regex
  const special = ascii ? /["\\]|[^ -~]/g : /[\x00-\x1f"\\]/g;
  const written = text.replace(
    special,
    (unit) => ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${written}"`;
}
