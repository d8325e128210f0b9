import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { readNpy } from "../../src/formats/npy.ts";
import headers from "../vectors/npy.json" with { type: "json" };
import { join, littleEndian, utf8 } from "./_join.ts";

/** A header of make_npy.py, and what NumPy makes of it. */
interface Row {
  header: string;
  version: number;
  dtype?: string;
  big?: boolean;
  shape?: number[];
  size?: number;
  other?: string;
  error?: string;
}

const NAMES: Readonly<Record<string, string>> = {
  ...{ b1: "bool", i1: "i8", u1: "u8", i2: "i16", u2: "u16", i4: "i32", u4: "u32", i8: "i64" },
  ...{ f2: "f16", f4: "f32", f8: "f64" },
};

function fileOf({ header, version, size = 0, dtype }: Row): Uint8Array {
  const text = utf8(`${header}\n`);
  const length = littleEndian(text.length, version === 1 ? 2 : 4);
  const data = Uint8Array.from({ length: size }, (_, i) => dtype === "b1" ? i & 1 : i);
  return join([0x93], utf8("NUMPY"), [version, 0], length, text, data);
}

const rows = headers as Row[];
const read = rows.filter(({ dtype }) => dtype !== undefined);

Deno.test(`npy: ${read.length} headers that NumPy reads give its types and extents`, () => {
  for (const row of read) {
    const tensor = readNpy(fileOf(row));
    assert.deepEqual([tensor.dtype, tensor.shape], [NAMES[row.dtype!], row.shape], row.header);
    if (tensor.dtype === "i16") assert.equal(tensor.data[0], row.big ? 1 : 256, row.header);
  }
});

const others = rows.filter(({ dtype }) => dtype === undefined);

Deno.test(`npy: ${others.length} headers of other types, or that NumPy refuses, are refused`, () => {
  for (const row of others) {
    assert.throws(() => readNpy(fileOf(row)), (error) => {
      assert.ok(error instanceof FewbitError, `${row.header}: ${error}`);
      if (row.other !== undefined) assert.equal(error.code, "unsupported", row.header);
      return true;
    }, row.header);
  }
});
