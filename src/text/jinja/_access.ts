/** Attributes, items and slices. */
import { TemplateError, unsupported } from "./_errors.ts";
import { loopAttribute } from "./_loop.ts";
import { DICT_METHODS, dictMethod, listMethod, SEQUENCE_METHODS } from "./_container_methods.ts";
import type { Meter } from "./_meter.ts";
import { STRING_METHODS, stringMethod } from "./_string_methods.ts";
import {
  Lazy,
  Loop,
  Markup,
  Namespace,
  numberOf,
  Range,
  Tuple,
  typeName,
  Undefined,
  View,
} from "./_values.ts";
import { Float } from "./_values.ts";
import type { Value } from "./_values.ts";

/** `object.name`: an attribute or method, else an item. */
export function attributeOf(object: Value, name: string, meter: Meter): Value {
  const found = ownAttribute(object, name, meter);
  if (found !== undefined) return found;
  if (object instanceof Map && object.has(name)) return object.get(name)!;
  return missing(object, name);
}

/** `object[key]`: an item, else an attribute or method. */
export function itemOf(object: Value, key: Value, meter: Meter): Value {
  if (object instanceof Undefined) object.fail();
  if (object instanceof Markup) throw unsupported("a safe text that is used");
  const found = ownItem(object, key);
  if (found !== undefined) return found;
  if (typeof key === "string") return ownAttribute(object, key, meter) ?? missing(object, key);
  return new Undefined(`${typeName(object)} object has no element ${String(numberOf(key) ?? "")}`);
}

function ownItem(object: Value, key: Value): Value | undefined {
  if (object instanceof Map) {
    const number = key instanceof Float ? key.value : typeof key === "boolean" ? Number(key) : key;
    return object.get(number);
  }
  if (key instanceof Float) return undefined;
  const index = numberOf(key);
  if (index === undefined) return undefined;
  const items = sequenceOf(object);
  return items?.[index < 0 ? items.length + index : index];
}

/** The items of what has places. */
function sequenceOf(object: Value): readonly Value[] | undefined {
  if (typeof object === "string") return [...object];
  if (Array.isArray(object)) return object;
  if (object instanceof Tuple) return object.items;
  if (object instanceof Range) {
    return Array.from({ length: object.length }, (_, i) => object.start + i * object.step);
  }
  return undefined;
}

function ownAttribute(object: Value, name: string, meter: Meter): Value | undefined {
  if (object instanceof Undefined) object.fail();
  if (object instanceof Markup) throw unsupported("a safe text that is used");
  if (name.startsWith("__")) throw unsupported(`the attribute ${name}`);
  if (typeof object === "string" && STRING_METHODS.has(name)) {
    return stringMethod(object, name, meter);
  }
  if (object instanceof Map && DICT_METHODS.has(name)) return dictMethod(object, name);
  if (object instanceof Namespace) return object.attributes.get(name);
  if (object instanceof Loop) return loopAttribute(object, name);
  if (object instanceof Tuple && object.names.includes(name)) {
    return object.items[object.names.indexOf(name)];
  }
  const isList = Array.isArray(object);
  if ((isList || object instanceof Tuple) && SEQUENCE_METHODS.has(name)) {
    return listMethod(isList ? object : object.items, name, isList);
  }
  return undefined;
}

function missing(object: Value, name: string): Undefined {
  const what = object === null ? "None" : `${typeName(object)} object`;
  return new Undefined(`'${what}' has no attribute '${name.slice(0, 80)}'`);
}

/** `object[start:stop:step]`. */
export function sliceOf(
  object: Value,
  bounds: readonly (Value | undefined)[],
  meter: Meter,
): Value {
  if (object instanceof Undefined) object.fail();
  const items = sequenceOf(object);
  if (items === undefined || object instanceof Lazy || object instanceof View) {
    return new Undefined(`'${typeName(object)}' object cannot be sliced`);
  }
  const [start, stop, by] = bounds.map((bound) => bound === null ? undefined : bound)
    .map((bound) => {
      const number = bound === undefined || bound instanceof Float ? undefined : numberOf(bound);
      if (bound !== undefined && number === undefined) {
        throw new TemplateError("slice indices must be integers or None");
      }
      return number;
    });
  const step = by ?? 1;
  if (step === 0) throw new TemplateError("slice step cannot be zero");
  const n = items.length;
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const place = (bound: number | undefined, otherwise: number) =>
    bound === undefined ? otherwise : Math.min(Math.max(bound < 0 ? bound + n : bound, low), high);
  const [first, last] = [place(start, step > 0 ? 0 : n - 1), place(stop, step > 0 ? n : -1)];
  const picked: Value[] = [];
  for (let i = first; step > 0 ? i < last : i > last; i += step) picked.push(items[i]);
  meter.length(picked.length);
  if (typeof object === "string") return picked.join("");
  return object instanceof Tuple ? new Tuple(picked) : picked;
}
