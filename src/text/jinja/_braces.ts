import { TemplateError, unsupported } from "./_errors.ts";
import type { Meter } from "./_meter.ts";
import { fixed } from "./_number_format.ts";
import { repr, str } from "./_text.ts";
import { Float, numberOf } from "./_values.ts";
import type { CallArguments, Value } from "./_values.ts";

/** Python's `text.format(…)`: names and places, `!r` and `!s`, and the common formats. */
export function formatBraces(format: string, args: CallArguments, meter: Meter): string {
  let automatic = 0;
  return format.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (whole, field?: string) => {
    if (whole === "{{") return "{";
    if (whole === "}}") return "}";
    if (field === undefined) {
      throw new TemplateError(`Single '${whole}' encountered in format string`);
    }
    const parts = /^([^!:]*)(?:!([^:]*))?(?::(.*))?$/s.exec(field);
    if (parts === null) throw unsupported(`the format ${whole.slice(0, 80)}`);
    const [, name, conversion, spec = ""] = parts;
    if (/[.[]/.test(name)) throw unsupported(`the format ${whole.slice(0, 80)}`);
    const place = name === "" ? automatic++ : /^\d+$/.test(name) ? Number(name) : undefined;
    const value = place === undefined ? args.named.get(name) : args.positional[place];
    if (value === undefined) throw new TemplateError(`format has no argument ${name}`);
    if (conversion !== undefined && conversion !== "r" && conversion !== "s") {
      throw unsupported(`the conversion !${conversion.slice(0, 80)}`);
    }
    const converted = conversion === "r" ? repr(value) : conversion === "s" ? str(value) : value;
    return formatted(converted, spec, meter);
  });
}

const SPEC = /^(?:([^])?([<>^=]))?([+\- ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** A value by a format specification. */
function formatted(value: Value, spec: string, meter: Meter): string {
  if (spec === "") return str(value);
  const parts = SPEC.exec(spec);
  if (parts === null) throw unsupported(`the format ${spec.slice(0, 80)}`);
  const [, fill, align, sign, , zero, width, group, precision, type] = parts;
  const number = typeof value === "boolean" ? undefined : numberOf(value);
  meter.length(Number(width ?? 0) + Number(precision ?? 0));
  const digits = precision === undefined ? undefined : Number(precision);
  let text: string;
  if (typeof value === "string" && (type === undefined || type === "s")) {
    if (sign !== undefined || group !== undefined || align === "=" || zero !== undefined) {
      throw unsupported(`the format ${spec.slice(0, 80)} of a text`);
    }
    text = [...value].slice(0, digits).join("");
    return aligned(text, fill ?? " ", align ?? "<", Number(width ?? 0));
  }
  if (number === undefined || (number < 0 && zero !== undefined && group !== undefined)) {
    throw unsupported(`the format ${spec.slice(0, 80)} of this value`);
  }
  text = size(Math.abs(number), value instanceof Float, type, digits, spec);
  if (group !== undefined) text = text.replace(/^\d+/, (d) => d.replace(/\B(?=(\d{3})+$)/g, group));
  const mark = number < 0 ? "-" : sign === "+" || sign === " " ? sign : "";
  const missing = Number(width ?? 0) - mark.length - text.length;
  if (align === "=" || (align === undefined && zero !== undefined)) {
    if (group !== undefined && missing > 0) throw unsupported(`the format ${spec.slice(0, 80)}`);
    return mark + (fill ?? (zero ?? " ")).repeat(Math.max(0, missing)) + text;
  }
  return aligned(mark + text, fill ?? (zero ?? " "), align ?? ">", Number(width ?? 0));
}

function size(
  value: number,
  isFloat: boolean,
  type: string | undefined,
  digits: number | undefined,
  spec: string,
): string {
  if (type === "f" || type === "F") return fixed(value, digits ?? 6);
  if (type === "%") return `${fixed(value * 100, digits ?? 6)}%`;
  if (!isFloat && digits === undefined) {
    if (type === undefined || type === "d") return String(value);
    if (type === "x") return value.toString(16);
    if (type === "X") return value.toString(16).toUpperCase();
    if (type === "o") return value.toString(8);
    if (type === "b") return value.toString(2);
  }
  throw unsupported(`the format ${spec.slice(0, 80)} of a number`);
}

function aligned(text: string, fill: string, align: string, width: number): string {
  const missing = Math.max(0, width - [...text].length);
  const left = align === "<" ? 0 : align === ">" ? missing : missing >> 1;
  return fill.repeat(left) + text + fill.repeat(missing - left);
}
