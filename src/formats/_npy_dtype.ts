/** NumPy's names of element types. */
import { FewbitError } from "../errors.ts";
import type { DType } from "../tensor.ts";
import { quote } from "./quote.ts";

/** An element type and the order of its bytes. */
export interface NpyDType {
  readonly dtype: DType;
  readonly bigEndian: boolean;
}

/** NumPy's kind and size of an element. NumPy has no bfloat16. */
export const NPY_DTYPES: ReadonlyMap<string, DType> = new Map([
  ["b1", "bool"],
  ["i1", "i8"],
  ["u1", "u8"],
  ["i2", "i16"],
  ["u2", "u16"],
  ["i4", "i32"],
  ["u4", "u32"],
  ["i8", "i64"],
  ["f2", "f16"],
  ["f4", "f32"],
  ["f8", "f64"],
]);

/**
 * Other names that `numpy.dtype` takes: characters and words, for Linux and macOS with 64 bits, where
 * `long` has 8 bytes. Asked of NumPy 2.4.6 (test/vectors/make_npy.py).
 */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ "?": "b1", b: "i1", B: "u1", h: "i2", H: "u2", i: "i4", I: "u4", l: "i8", q: "i8", p: "i8" },
  ...{ n: "i8", e: "f2", f: "f4", d: "f8", bool: "b1", int8: "i1", uint8: "u1", byte: "i1" },
  ...{ ubyte: "u1", int16: "i2", uint16: "u2", short: "i2", ushort: "u2", int32: "i4" },
  ...{ uint32: "u4", intc: "i4", uintc: "u4", int64: "i8", int: "i8", int_: "i8", long: "i8" },
  ...{ longlong: "i8", intp: "i8", float16: "f2", half: "f2", float32: "f4", single: "f4" },
  ...{ float64: "f8", double: "f8", float: "f8" },
};

/** An element type by its name in a header, such as `<f4`. Throws `unsupported` for others. */
export function npyDType(descr: string): NpyDType {
  const [, order, name] = /^([<>|=]?)([\s\S]*)$/.exec(descr)!;
  const code = ALIASES[Object.hasOwn(ALIASES, name) ? name : ""] ?? name;
  const dtype = NPY_DTYPES.get(code);
  // An order in front of a word is no name.
  if (dtype === undefined || order !== "" && name.length > 2) {
    throw new FewbitError("unsupported", `Cannot read npy: the element type ${quote(name)}`);
  }
  return { dtype, bigEndian: order === ">" };
}
