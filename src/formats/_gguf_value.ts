import { type GgufCursor, invalid } from "./_gguf_cursor.ts";

/** A value of the metadata. 64-bit integers are numbers where these are exact. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** Deepest nesting of arrays; files in use have none. */
const MAX_DEPTH = 8;

const STRING = 8;
const ARRAY = 9;

type ReadScalar = (view: DataView, at: number) => GgufValue;

/** The scalar types by number: bytes, and how to read them. */
const SCALARS: ReadonlyMap<number, readonly [bytes: number, read: ReadScalar]> = new Map<
  number,
  readonly [number, ReadScalar]
>([
  [0, [1, (view, at) => view.getUint8(at)]],
  [1, [1, (view, at) => view.getInt8(at)]],
  [2, [2, (view, at) => view.getUint16(at, true)]],
  [3, [2, (view, at) => view.getInt16(at, true)]],
  [4, [4, (view, at) => view.getUint32(at, true)]],
  [5, [4, (view, at) => view.getInt32(at, true)]],
  [6, [4, (view, at) => view.getFloat32(at, true)]],
  [7, [1, readBoolean]],
  [10, [8, (view, at) => exactInteger(view.getBigUint64(at, true))]],
  [11, [8, (view, at) => exactInteger(view.getBigInt64(at, true))]],
  [12, [8, (view, at) => view.getFloat64(at, true)]],
]);

/** Reads a value and the number of its type before it. */
export function readGgufValue(cursor: GgufCursor, key: string): GgufValue {
  return readValue(cursor, cursor.u32(`the type of ${key}`), key, 0);
}

function readValue(cursor: GgufCursor, type: number, key: string, depth: number): GgufValue {
  if (type === STRING) return cursor.string(key);
  if (type === ARRAY) return readArray(cursor, key, depth + 1);
  const [bytes, read] = scalar(type, key);
  return read(cursor.view, cursor.take(bytes, key));
}

function readArray(cursor: GgufCursor, key: string, depth: number): readonly GgufValue[] {
  if (depth > MAX_DEPTH) throw invalid(`${key} is nested deeper than ${MAX_DEPTH} arrays`);
  const type = cursor.u32(`the element type of ${key}`);
  const what = `the length of ${key}`;
  if (type !== STRING && type !== ARRAY) {
    const [bytes, read] = scalar(type, key);
    const count = cursor.count(bytes, what);
    cursor.budget.spend(count, bytes === 8 ? "bigint" : "number");
    const start = cursor.take(count * bytes, key);
    return Array.from({ length: count }, (_, i) => read(cursor.view, start + i * bytes));
  }
  // A string has its length, an array its type and its length.
  const count = cursor.count(type === STRING ? 8 : 12, what);
  if (type === ARRAY) cursor.budget.spend(count, "string");
  return Array.from({ length: count }, () => readValue(cursor, type, key, depth));
}

function scalar(type: number, key: string): readonly [number, ReadScalar] {
  const found = SCALARS.get(type);
  if (found === undefined) throw invalid(`${key} has type ${type}, expected 0 to 12`);
  return found;
}

function readBoolean(view: DataView, at: number): boolean {
  const byte = view.getUint8(at);
  if (byte > 1) throw invalid(`a boolean is ${byte}, expected 0 or 1`);
  return byte === 1;
}

function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
