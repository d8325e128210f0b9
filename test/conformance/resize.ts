/** A case with other extents, for benchmarks: what is small enough to check is too small to time. */
import { instructionNamed } from "../../src/instructions/mod.ts";
import type { OperandSpec } from "../../src/instructions/mod.ts";
import type { Case, ResultValue, Value } from "./_case.ts";
import { arrayOf } from "./_values.ts";

/** Extents by the names that the description has: `{ "*": [197], K: 192 }`, attributes as `"@heads"`. */
export type Sizes = Readonly<Record<string, number | readonly number[]>>;

/**
 * Gives a case other extents; those that are not named stay. Elements repeat along every axis, so that
 * indices and multipliers stay what they are; bounds of sequences are spread evenly and sessions counted.
 */
export function resize(c: Case, sizes: Sizes): Case {
  const { operands, attributes = [] } = instructionNamed(c.instruction);
  const old = bindings(c, operands);
  const now = { ...old, ...sizes };
  for (const { name } of attributes) {
    now[`@${name}`] = sizes[`@${name}`] ?? c.attributes?.[name] ?? 0;
  }
  const given: Record<string, Value | undefined> = {};
  const results: Record<string, ResultValue> = {};
  for (const operand of operands) {
    const [value, result] = [c.operands[operand.name], c.results[operand.name]];
    if (value !== undefined) given[operand.name] = resizeValue(value, operand, old, now);
    if (result !== undefined) {
      results[operand.name] = { ...result, extents: extentsOf(operand, result.extents, old, now) };
    }
  }
  const named = attributes.map(({ name }) => [name, now[`@${name}`] as number] as const);
  return {
    name: c.name,
    instruction: c.instruction,
    attributes: Object.fromEntries(named),
    operands: given,
    results,
  };
}

type Bindings = Record<string, number | readonly number[]>;

/** The extents that a case has, by name. */
function bindings(c: Case, operands: readonly OperandSpec[]): Bindings {
  const found: Bindings = {};
  for (const { name, shape } of operands) {
    const extents = (c.operands[name] ?? c.results[name])?.extents;
    if (extents === undefined) continue;
    const tokens = shape.split(" ");
    // Only the first token stands for more or fewer extents than one.
    const lead = extents.length - tokens.length + 1;
    if (tokens[0] === "*") found["*"] ??= extents.slice(0, lead);
    tokens.forEach((token, i) => {
      if (/^[A-Z]$/.test(token)) found[token] ??= extents[extents.length - tokens.length + i];
    });
  }
  // Where every operand of it may be one element, the largest says how many there are.
  for (const { name, shape } of operands) {
    const variable = /^1\|([A-Z])$/.exec(shape)?.[1];
    const extent = (c.operands[name] ?? c.results[name])?.extents[0];
    if (variable !== undefined && extent !== undefined) found[variable] ??= extent;
  }
  return found;
}

function extentsOf(
  { shape }: OperandSpec,
  extents: readonly number[],
  old: Bindings,
  now: Bindings,
): number[] {
  const tokens = shape.split(" ");
  const lead = extents.length - tokens.length + 1;
  const number = (name: string): number => Number(now[name] ?? 0);
  return tokens.flatMap((token, i): readonly number[] => {
    if (token === "*") return now["*"] as readonly number[];
    if (token === "~") return (now["*"] as readonly number[]).slice(-lead || Infinity);
    if (/^\d+$/.test(token)) return [Number(token)];
    if (token.startsWith("1|")) {
      const one = extents[extents.length - tokens.length + i] === 1 && old[token[2]] !== 1;
      return [one ? 1 : number(token.slice(2))];
    }
    if (token.endsWith("+1")) return [number(token[0]) + 1];
    if (token.includes("+")) return [number(token[0]) + number(token[2])];
    return [number(token)];
  });
}

function resizeValue(value: Value, operand: OperandSpec, old: Bindings, now: Bindings): Value {
  const extents = extentsOf(operand, value.extents, old, now);
  const { kind, limit } = operand.check ?? {};
  const elements = kind === "offsets"
    ? evenBounds(extents[0], Number(now[limit!]))
    : kind === "distinct"
    ? Int32Array.from({ length: extents[0] }, (_, i) => i)
    : kind === "past"
    ? pastOf(value, extents[0], limit === undefined ? undefined : Number(now[limit]), now)
    : repeated(value, extents);
  return {
    ...value,
    extents,
    elements,
    ...limit !== undefined && { limit: Number(now[limit]) },
  };
}

/** As much past as the sequences leave room for: all of it where a cache of `rows` is full, else what there was. */
function pastOf(
  { elements, limit }: Value,
  count: number,
  rows: number | undefined,
  now: Bindings,
): Int32Array {
  const room = (rows ?? limit ?? Infinity) - Math.ceil(Number(now.T) / count);
  return Int32Array.from(
    { length: count },
    (_, s) => rows === undefined ? Math.min(elements[s % elements.length], room) : room,
  );
}

/** `count` bounds from 0 to `end`. */
function evenBounds(count: number, end: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => Math.round(i * end / (count - 1)));
}

/** The elements again and again along every axis; leading extents of another number as one axis. */
function repeated({ dtype, extents, elements }: Value, now: readonly number[]): Value["elements"] {
  const [from, to] = extents.length === now.length
    ? [extents, now]
    : [extents, now].map((each) => [each.slice(0, -1).reduce((a, b) => a * b, 1), each.at(-1)!]);
  const length = to.reduce((a, b) => a * b, 1);
  const result = arrayOf(dtype, length) as Value["elements"];
  for (let i = 0; i < length; i++) {
    let [rest, stride, at] = [i, 1, 0];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      at += rest % to[axis] % from[axis] * stride;
      stride *= from[axis];
      rest = Math.floor(rest / to[axis]);
    }
    result[i] = elements[at];
  }
  return result;
}
