/**
 * The program of the modules' self-test, with its inputs and the checksum of its outputs by the
 * reference engine. Between them its instructions have every kind of extent, check and rule, so that an
 * engine on which the verifier fails is found out before it refuses a good file.
 */
import { loadReference } from "../src/engines/reference/mod.ts";
import { ProgramBuilder } from "../src/program/builder.ts";
import { crc32c } from "../src/program/crc32c.ts";
import { decodeHead } from "../src/program/decode.ts";
import { encodeProgram } from "../src/program/encode.ts";
import type { CompiledProgram } from "../src/program/program.ts";
import { verify } from "../src/program/verify.ts";

/** Rows of a run. */
const ROWS = 3;
const COLUMNS = 8;

/** What `asm/selftest.ts` loads, gives and expects. */
export interface KnownProgram {
  readonly file: Uint8Array;
  /** The region of inputs. */
  readonly inputs: Uint8Array;
  /** CRC-32C of the region of outputs, up to its last tensor. */
  readonly outputsCrc: number;
  readonly outputBytes: number;
}

function program(): CompiledProgram {
  const b = new ProgramBuilder();
  const max = b.symbol({ name: "most", kind: "load", min: 1, max: b.expression(9), default: ROWS });
  const symbol = b.symbol({
    name: "rows",
    kind: "run",
    min: 1,
    max: b.expression(0, [[1, max]]),
    default: ROWS,
  });
  const e = (n: number) => b.expression(n);
  const rows = b.expression(0, [[1, symbol]]);
  const [one, two, width] = [e(1), e(2), e(COLUMNS)];
  const bytes = (n: number, factor: number) => Uint8Array.from({ length: n }, (_, i) => i * factor);
  const words = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
  const constant = (dtype: "i8" | "i32", extents: number[], data: Uint8Array) =>
    b.whole(b.tensor({ region: "constant", dtype, extents, data }));
  const input = (name: string, n: number, more: object) =>
    b.tensor({ region: "input", name, dtype: "i32", extents: [n], ...more });
  const output = (name: string, dtype: "i8" | "i32", extents: number[]) =>
    b.whole(b.tensor({ region: "output", name, dtype, extents }));

  const x = b.tensor({ region: "input", name: "x", dtype: "i8", extents: [rows, width] });
  const offsets = input("offsets", two, { check: "offsets", limit: rows });
  const slot = input("slot", one, { check: "distinct", limit: two });
  const past = input("past", one, { check: "past", limit: e(6), offsets });
  const cache = b.tensor({
    region: "state",
    name: "cache",
    dtype: "i8",
    extents: [two, e(6), width],
    encoding: "zero",
  });
  b.instruction("append_rows", {
    x: b.whole(x),
    offsets: b.whole(offsets),
    slot: b.whole(slot),
    past: b.whole(past),
    cache: b.whole(cache),
  });
  const looked = b.tensor({ region: "arena", dtype: "i8", extents: [rows, width] });
  b.instruction("lookup", {
    x: b.whole(x),
    table: constant("i8", [one, e(256)], bytes(256, 5)),
    y: b.whole(looked),
  });
  const longer = b.tensor({ region: "arena", dtype: "i8", extents: [rows, two, width] });
  b.instruction("concat_rows", {
    first: constant("i8", [one, width], bytes(COLUMNS, 31)),
    x: b.view(looked, [rows, one, width], width),
    y: b.whole(longer),
  });
  b.instruction("attention_scores_i8", {
    q: b.whole(longer),
    k: b.whole(longer),
    y: output("scores", "i32", [rows, two, two, two]),
  }, { heads: 2 });
  b.instruction("requantize", {
    x: b.whole(looked),
    multiplier: constant("i32", [width], words(...Array(COLUMNS).keys().map((i) => i * 77 - 200))),
    shift: constant("i32", [one], words(3)),
    identity: constant("i8", [width], bytes(COLUMNS, 19)),
    identity_multiplier: constant("i32", [one], words(-9)),
    identity_shift: constant("i32", [one], words(1)),
    y: output("sums", "i32", [rows, width]),
  });
  // A row of the cache, as of a ring: of slot 1, 5 rows on.
  const ring = b.expression(6 * COLUMNS, [[2 * COLUMNS, symbol]], b.expression(11 * COLUMNS));
  b.instruction("copy", {
    x: b.view(cache, [one, width], width, ring),
    y: output("row", "i8", [one, width]),
  });
  b.entry("main");
  return b.finish();
}

/** Makes the program and runs it. */
export async function knownProgram(_instructions?: unknown): Promise<KnownProgram> {
  const file = await encodeProgram(program());
  const given = {
    x: Int8Array.from({ length: ROWS * COLUMNS }, (_, i) => i * 11 - 100),
    offsets: Int32Array.of(0, ROWS),
    slot: Int32Array.of(1),
    past: Int32Array.of(2),
  };
  using instance = await loadReference(file);
  const outputs = instance.runSync(given);
  const { program: { tensors }, segments } = decodeHead(file);
  const { offsets, bytes } = verify(instance.program, segments).plan;
  const region = (
    name: "input" | "output",
    values: Record<string, ArrayBufferView>,
  ): Uint8Array => {
    const places = tensors.map((tensor, i) => ({ tensor, i })).filter(({ tensor }) =>
      tensor.region === name
    );
    const all = new Uint8Array(Math.max(...places.map(({ i }) => offsets[i] + bytes[i])));
    for (const { tensor, i } of places) {
      const { buffer, byteOffset, byteLength } = values[tensor.name];
      all.set(new Uint8Array(buffer, byteOffset, byteLength), offsets[i]);
    }
    return all;
  };
  const expected = region(
    "output",
    Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data])),
  );
  return {
    file,
    inputs: region("input", given),
    outputsCrc: crc32c(expected),
    outputBytes: expected.length,
  };
}
