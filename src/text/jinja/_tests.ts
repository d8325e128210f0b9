import { bind } from "./_bind.ts";
import { compare, equal } from "./_compare.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { lower, upper } from "./_letter_case.ts";
import { str } from "./_text.ts";
import {
  Callable,
  Float,
  Lazy,
  Markup,
  numberOf,
  Range,
  Tuple,
  typeName,
  Undefined,
  View,
} from "./_values.ts";
import type { CallArguments, Value } from "./_values.ts";

type Test = (value: Value, other: Value) => boolean;

const isNumber: Test = (value) => numberOf(value) !== undefined;
const isSequence: Test = (value) =>
  typeof value === "string" || Array.isArray(value) || value instanceof Map ||
  value instanceof Tuple || value instanceof Range || value instanceof Undefined;

/** Tests without an argument. */
const PLAIN: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === "number",
  float: (value) => value instanceof Float,
  number: isNumber,
  string: (value) => typeof value === "string" || value instanceof Markup,
  mapping: (value) => value instanceof Map,
  sequence: isSequence,
  iterable: (value) => isSequence(value, null) || value instanceof Lazy || value instanceof View,
  callable: (value) => value instanceof Callable,
  lower: (value) => str(value) === lower(str(value)) && str(value) !== upper(str(value)),
  upper: (value) => str(value) === upper(str(value)) && str(value) !== lower(str(value)),
  even: (value) => remainder(value, 2) === 0,
  odd: (value) => remainder(value, 2) === 1,
};

/** Tests with one. */
const BINARY: Readonly<Record<string, Test>> = {
  divisibleby: (value, other) => remainder(value, numberOf(other) ?? NaN) === 0,
  sameas: (value, other) => same(value, other),
  in: (value, other) => compare("in", value, other),
  "==": equal,
  "!=": (value, other) => !equal(value, other),
};

const ALIASES: Readonly<Record<string, string>> = {
  eq: "==",
  equalto: "==",
  ne: "!=",
  lt: "<",
  lessthan: "<",
  le: "<=",
  gt: ">",
  greaterthan: ">",
  ge: ">=",
};

function remainder(value: Value, divisor: number): number {
  if (value instanceof Undefined) value.fail();
  const number = numberOf(value);
  if (number === undefined) {
    if (typeof value === "string") {
      throw new TemplateError("not all arguments converted during string formatting");
    }
    throw new TemplateError(`unsupported operand type(s) for %: '${typeName(value)}' and 'int'`);
  }
  if (divisor === 0) throw new TemplateError("integer modulo by zero");
  return ((number % divisor) + divisor) % divisor;
}

/** Python's `is`, where it says something. */
function same(a: Value, b: Value): boolean {
  const plain = (value: Value) => value === null || typeof value === "boolean";
  if (plain(a) || plain(b)) return a === b;
  throw unsupported("the test sameas of what is neither none nor true nor false");
}

/** Whether a value passes a test; throws `unsupported` for tests that are not known. */
export function passes(name: string, value: Value, args: CallArguments): boolean {
  if (Object.hasOwn(PLAIN, name)) {
    bind(`the test ${name}`, args, []);
    return PLAIN[name](value, null);
  }
  const operator = ALIASES[name] ?? name;
  const test = Object.hasOwn(BINARY, operator)
    ? BINARY[operator]
    : ["<", "<=", ">", ">="].includes(operator)
    ? (a: Value, b: Value) => compare(operator, a, b)
    : undefined;
  if (test === undefined) throw unsupported(`the test ${name.slice(0, 80)}`);
  const [other] = bind(`the test ${name}`, args, ["other"], 1);
  return test(value, other!);
}
