import { TemplateError } from "./_errors.ts";
import { equal } from "./_compare.ts";
import { Callable, itemsOf, Undefined } from "./_values.ts";
import type { Loop, Value } from "./_values.ts";

/** An attribute of the variable `loop`. */
export function loopAttribute(loop: Loop, name: string): Value | undefined {
  const { items, index0 } = loop;
  switch (name) {
    case "index":
      return index0 + 1;
    case "index0":
      return index0;
    case "revindex":
      return items.length - index0;
    case "revindex0":
      return items.length - index0 - 1;
    case "first":
      return index0 === 0;
    case "last":
      return index0 === items.length - 1;
    case "length":
      return items.length;
    case "depth":
      return loop.depth;
    case "depth0":
      return loop.depth - 1;
    case "previtem":
      return index0 > 0 ? items[index0 - 1] : new Undefined("there is no previous item");
    case "nextitem":
      return index0 + 1 < items.length ? items[index0 + 1] : new Undefined("there is no next item");
    case "cycle":
      return new Callable("cycle", ({ positional }) => {
        if (positional.length === 0) throw new TemplateError("no items for cycling given");
        return positional[index0 % positional.length];
      });
    case "changed":
      return new Callable("changed", ({ positional }) => {
        const before = loop.changed;
        loop.changed = [...positional];
        return before === undefined || !equal(before, [...positional]);
      });
  }
  return undefined;
}

/** `loop(items)` of a loop that is recursive. */
export function recurse(loop: Loop, iterable: Value): string {
  if (loop.recurse === undefined) {
    throw new TemplateError("the loop must have the 'recursive' marker to be called recursively");
  }
  return loop.recurse([...itemsOf(iterable)]);
}
