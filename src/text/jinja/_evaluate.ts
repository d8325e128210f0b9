import { attributeOf, itemOf, sliceOf } from "./_access.ts";
import { arithmetic } from "./_arithmetic.ts";
import { compare } from "./_compare.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import type { FilterContext } from "./_filter.ts";
import { filterNamed } from "./_filters.ts";
import { recurse } from "./_loop.ts";
import type { Meter } from "./_meter.ts";
import type { Arguments, Expression, Filter } from "./_nodes.ts";
import type { Scope } from "./_scope.ts";
import { passes } from "./_tests.ts";
import { str } from "./_text.ts";
import {
  Callable,
  Float,
  isTrue,
  itemsOf,
  keyOf,
  Loop,
  Markup,
  numberOf,
  textOf,
  Tuple,
  typeName,
  Undefined,
} from "./_values.ts";
import type { CallArguments, Value } from "./_values.ts";

/** Values of expressions. */
export class Evaluator {
  readonly #meter: Meter;
  readonly #filters: FilterContext;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#filters = {
      meter,
      filter: (name, value, args) => this.#filtered(name, value, args),
      test: (name, value, args) => this.#passes(name, value, args),
      path: (value, path, otherwise) => this.#path(value, path, otherwise),
    };
  }

  evaluate(node: Expression, scope: Scope): Value {
    this.#meter.step();
    switch (node.kind) {
      case "constant":
        return node.value;
      case "float":
        return new Float(node.value);
      case "name":
        return scope.get(node.name) ?? this.#unknown(node.name, scope);
      case "list":
        return node.items.map((item) => this.evaluate(item, scope));
      case "tuple":
        return new Tuple(node.items.map((item) => this.evaluate(item, scope)));
      case "dict":
        return new Map(
          node.items.map(([key, value]) => [
            keyOf(this.evaluate(key, scope)),
            this.evaluate(value, scope),
          ]),
        );
      case "attribute":
        return attributeOf(this.#read(node.object, scope), node.name, this.#meter);
      case "item":
        return itemOf(this.#read(node.object, scope), this.evaluate(node.key, scope), this.#meter);
      case "slice": {
        const object = this.#read(node.object, scope);
        const bounds = node.bounds.map((bound) => bound && this.evaluate(bound, scope));
        return sliceOf(object, bounds, this.#meter);
      }
      case "call":
        return this.call(this.evaluate(node.callee, scope), this.args(node.args, scope));
      case "filter":
        return this.filter(node, undefined, scope);
      case "test":
        return this.#passes(
          node.name,
          this.evaluate(node.operand, scope),
          this.args(node.args, scope),
        );
      case "binary":
        return arithmetic(
          node.operator,
          this.#read(node.left, scope),
          this.#read(node.right, scope),
          this.#meter,
        );
      case "and": {
        const left = this.evaluate(node.left, scope);
        return isTrue(left) ? this.evaluate(node.right, scope) : left;
      }
      case "or": {
        const left = this.evaluate(node.left, scope);
        return isTrue(left) ? left : this.evaluate(node.right, scope);
      }
      case "not":
        return !isTrue(this.evaluate(node.operand, scope));
      case "minus":
      case "plus":
        return signed(node.kind, this.evaluate(node.operand, scope));
      case "concat": {
        const values = node.items.map((item) => this.evaluate(item, scope));
        if (values.some((value) => value instanceof Markup)) {
          throw unsupported("a safe text beside another one");
        }
        return this.#meter.text(values.map(str).join(""));
      }
      case "compare":
        return this.#compare(node, scope);
      case "condition":
        if (isTrue(this.evaluate(node.test, scope))) return this.evaluate(node.then, scope);
        return node.otherwise === undefined
          ? new Undefined(
            "the inline if-expression evaluated to false and no else section was defined.",
          )
          : this.evaluate(node.otherwise, scope);
    }
  }

  /** `a < b < c`: all of them, up to the first that is not so. */
  #compare(node: Extract<Expression, { kind: "compare" }>, scope: Scope): boolean {
    let left = this.#read(node.first, scope);
    for (const [operator, side] of node.rest) {
      const right = this.#read(side, scope);
      if (!compare(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  #unknown(name: string, scope: Scope): Value {
    const value = scope.get(name);
    return value === undefined ? new Undefined(`'${name}' is undefined`) : value;
  }

  /** A filter of an expression, or of the text of a block. */
  filter(node: Filter, block: Value | undefined, scope: Scope): Value {
    const operand = node.operand === undefined
      ? block!
      : node.operand.kind === "filter" && block !== undefined
      ? this.filter(node.operand, block, scope)
      : this.evaluate(node.operand, scope);
    return this.#filtered(node.name, operand, this.args(node.args, scope));
  }

  #filtered(name: string, value: Value, args: CallArguments): Value {
    this.#meter.reads(value, ...args.positional.slice(0, 8));
    return filterNamed(name)(value, args, this.#filters);
  }

  #passes(name: string, value: Value, args: CallArguments): boolean {
    this.#meter.reads(value, args.positional[0]);
    return passes(name, value, args);
  }

  /** A value whose parts are about to be looked at. */
  #read(node: Expression, scope: Scope): Value {
    const value = this.evaluate(node, scope);
    this.#meter.reads(value);
    return value;
  }

  args(args: Arguments, scope: Scope): CallArguments {
    const positional = args.positional.map((arg) => this.evaluate(arg, scope));
    const named = new Map(args.named.map(([name, arg]) => [name, this.evaluate(arg, scope)]));
    if (args.spread !== undefined) {
      for (const value of itemsOf(this.evaluate(args.spread, scope))) positional.push(value);
    }
    if (args.namedSpread !== undefined) {
      const more = this.evaluate(args.namedSpread, scope);
      if (!(more instanceof Map)) throw new TemplateError("argument after ** must be a mapping");
      for (const [key, value] of more) named.set(textOf(key, "a keyword"), value);
    }
    return { positional, named };
  }

  call(callee: Value, args: CallArguments): Value {
    this.#meter.reads(...args.positional.slice(0, 8));
    if (callee instanceof Callable) return this.#meter.deeper(() => callee.call(args));
    if (callee instanceof Loop) {
      return this.#meter.deeper(() => recurse(callee, args.positional[0]));
    }
    if (callee instanceof Undefined) callee.fail();
    throw new TemplateError(`'${typeName(callee)}' object is not callable`);
  }

  /** `a.b.0` of a value, as `attribute=` has it. */
  #path(value: Value, path: Value, otherwise?: Value): Value {
    const parts = typeof path === "number" ? [path] : textOf(path, "attribute").split(".");
    for (const part of parts) {
      this.#meter.reads(value);
      value = itemOf(
        value,
        typeof part === "string" && /^\d+$/.test(part) ? Number(part) : part,
        this.#meter,
      );
      if (value instanceof Undefined && otherwise !== undefined && otherwise !== null) {
        value = otherwise;
      }
    }
    return value;
  }
}

function signed(kind: "minus" | "plus", value: Value): Value {
  if (value instanceof Undefined) value.fail();
  const number = numberOf(value);
  if (number === undefined) {
    throw new TemplateError(`bad operand type for unary: '${typeName(value)}'`);
  }
  if (kind === "plus") return value instanceof Float ? value : number;
  return value instanceof Float ? new Float(-number) : number === 0 ? 0 : -number;
}
