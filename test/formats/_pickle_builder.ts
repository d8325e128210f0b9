import { join, littleEndian, utf8 } from "./_join.ts";

/** Values to pickle: `null`, booleans, integers, strings, Arrays as tuples, Maps as dicts, opcodes. */
export type Picklable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Picklable[]
  | ReadonlyMap<string, Picklable>;

/** A pickle of protocol 2; bytes in the value are opcodes that push something. */
export function pickle(value: Picklable): Uint8Array<ArrayBuffer> {
  return join([0x80, 2], opcodes(value), utf8("."));
}

/** Opcodes that push a value. */
export function opcodes(value: Picklable): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value === null) return utf8("N");
  if (typeof value === "boolean") return Uint8Array.of(value ? 0x88 : 0x89);
  if (typeof value === "number") return join([0x8a, 8], bigint(BigInt(value)));
  if (typeof value === "string") {
    const text = utf8(value);
    return join(utf8("X"), littleEndian(text.length, 4), text);
  }
  if (value instanceof Map) {
    return join(utf8("}("), ...[...value].flat().map(opcodes), utf8("u"));
  }
  return join(utf8("("), ...(value as readonly Picklable[]).map(opcodes), utf8("t"));
}

/** Opcodes that push a global. */
export function global(module: string, name: string): Uint8Array {
  return utf8(`c${module}\n${name}\n`);
}

/** Opcodes that call a global. */
export function call(module: string, name: string, args: readonly Picklable[]): Uint8Array {
  return join(global(module, name), opcodes(args), utf8("R"));
}

/** Opcodes that push a storage, or the view of one in a legacy file. */
export function storage(
  type: string,
  key: string,
  count: number,
  view?: Picklable,
): Uint8Array {
  const id = ["storage", global("torch", type), key, "cpu", count];
  return join(opcodes(view === undefined ? id : [...id, view]), utf8("Q"));
}

/** Opcodes that push a tensor. */
export function tensor(
  storage: Picklable,
  offset: Picklable,
  shape: Picklable,
  strides: Picklable,
  ...metadata: Picklable[]
): Uint8Array {
  const hooks = call("collections", "OrderedDict", []);
  const args = [storage, offset, shape, strides, false, hooks, ...metadata];
  return call("torch._utils", "_rebuild_tensor_v2", args);
}

function bigint(value: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(value).buffer);
}
