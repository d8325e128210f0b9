/** Python's arithmetic. */
import type { Meter } from "./_meter.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { formatPercent } from "./_percent.ts";
import { checkedInteger, Float, Markup, numberOf, Tuple, typeName, Undefined } from "./_values.ts";
import type { Value } from "./_values.ts";

/** `a operator b`. */
export function arithmetic(operator: string, a: Value, b: Value, meter: Meter): Value {
  for (const side of [a, b]) {
    if (side instanceof Markup) throw unsupported("a safe text that is used");
  }
  if (operator === "%" && typeof a === "string") return meter.text(formatPercent(a, b, meter));
  if (a instanceof Undefined) a.fail();
  if (b instanceof Undefined) b.fail();
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) {
    return numbers(operator, x, y, a instanceof Float || b instanceof Float);
  }
  if (operator === "+") {
    if (typeof a === "string" && typeof b === "string") return meter.text(a + b);
    if (Array.isArray(a) && Array.isArray(b)) return meter.list(a.concat(b));
    if (a instanceof Tuple && b instanceof Tuple) {
      return new Tuple(meter.list([...a.items, ...b.items]));
    }
  }
  if (operator === "*") {
    const [sequence, times] = typeof a === "number" || typeof a === "boolean" ? [b, x] : [a, y];
    if (times !== undefined && !(b instanceof Float)) return repeated(sequence, times, meter);
  }
  throw new TemplateError(
    `unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`,
  );
}

function repeated(sequence: Value, times: number, meter: Meter): Value {
  const count = Math.max(0, times);
  if (typeof sequence === "string") {
    meter.length(sequence.length * count);
    return sequence.repeat(count);
  }
  const items = sequence instanceof Tuple ? sequence.items : sequence;
  if (!Array.isArray(items)) throw new TemplateError(`cannot repeat a '${typeName(sequence)}'`);
  meter.length(items.length * count);
  const all = Array.from({ length: items.length * count }, (_, i) => items[i % items.length]);
  return sequence instanceof Tuple ? new Tuple(all) : all;
}

function numbers(operator: string, x: number, y: number, floats: boolean): Value {
  if (y === 0 && ["/", "//", "%"].includes(operator)) throw new TemplateError("division by zero");
  const result = (value: number) => floats ? new Float(value) : checkedInteger(value);
  switch (operator) {
    case "+":
      return result(x + y);
    case "-":
      return result(x - y);
    case "*":
      return result(x * y);
    case "/":
      return new Float(x / y);
    case "//":
      return result(floorDivided(x, y));
    case "%":
      return result(remainder(x, y));
  }
  if (x === 0 && y < 0) throw new TemplateError("0.0 cannot be raised to a negative power");
  if (x < 0 && !Number.isInteger(y)) throw unsupported("a complex number");
  // Math.pow is not specified to the bit; whole powers of whole numbers are.
  if (floats || y < 0) throw unsupported("a power of floating-point numbers");
  let power = 1;
  for (let i = 0; i < y && Math.abs(x) > 1; i++) power = checkedInteger(power * x);
  return Math.abs(x) > 1 ? power : x === -1 && y % 2 === 0 ? 1 : y === 0 ? 1 : x;
}

/** With the sign of the divisor. */
function remainder(x: number, y: number): number {
  const rest = x % y;
  if (rest !== 0) return (rest < 0) === (y < 0) ? rest : rest + y;
  return y < 0 ? -0 : 0;
}

function floorDivided(x: number, y: number): number {
  const quotient = (x - remainder(x, y)) / y;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}
