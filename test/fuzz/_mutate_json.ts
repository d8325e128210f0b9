/** Damage of plain data. */
import type { Random } from "./_random.ts";

/** Data as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/** Values where something else is expected. */
const HOSTILE: readonly Json[] = [
  ...[null, true, false, "", "x", "__proto__", "224", "\u202e\u0000", "a".repeat(5000)],
  ...[0, -0, 1, -1, 0.5, 3, 28, 1e-320, 1e308, -1e308, 255, 4096, 65_535, 65_536, 16_777_217],
  ...[2 ** 31, 2 ** 32 + 1, 2 ** 53, 1e300],
  [],
  [[]],
  [1, 2, 3],
  [1, 28, 28],
  [3, 16_384, 16_384],
  [1e9, 1e9, 1e9],
  {},
  { toString: 1, valueOf: 1, toJSON: 1 },
  { mode: "none" },
  { mode: "stretch", width: 16_384, height: 16_384 },
  { mode: "shorter_side", size: 65_535 },
  { length: 4_294_967_295 },
];

/** A copy with some values replaced, moved or missing. */
export function mutateJson(value: Json, random: Random): Json {
  let result = value;
  for (let changes = random.integer(1, 3); changes > 0; changes--) result = change(result, random);
  return result;
}

function change(value: Json, random: Random): Json {
  if (typeof value !== "object" || value === null || random.chance(0.1)) {
    return typeof value === "number" && random.chance(0.4)
      ? random.pick([value + 1, value - 1, -value, value * 2, value / 2, 1e9 * value])
      : random.pick(HOSTILE);
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [random.pick(HOSTILE)];
    const i = random.integer(0, value.length - 1);
    const kind = random.unit();
    if (kind < 0.15) return value.toSpliced(i, 1);
    if (kind < 0.3) return value.toSpliced(i, 0, value[i]);
    return value.with(i, change(value[i], random));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return { x: random.pick(HOSTILE) };
  const i = random.integer(0, entries.length - 1);
  const [key, child] = entries[i];
  const kind = random.unit();
  if (kind < 0.1) return Object.fromEntries(entries.toSpliced(i, 1));
  if (kind < 0.15) return Object.fromEntries([...entries, ["__proto__", child]]);
  if (kind < 0.2) return Object.fromEntries(entries.with(i, [key, random.pick(entries)[1]]));
  return Object.fromEntries(entries.with(i, [key, change(child, random)]));
}
