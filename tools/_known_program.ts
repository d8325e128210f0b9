/**
 * The program of the modules' self-test, with its inputs and the checksum of its outputs by the
 * reference engine. Between them its instructions have every kind of extent, check and rule, so that an
 * engine on which the verifier fails is found out before it refuses a good file. A module that lacks some
 * of them is tested with the others; one that has none of them, with the next best.
 */
import type { InstructionSpec } from "../src/instructions/mod.ts";
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

/** Used where a module has none of the instructions of the program: float32, row by row. */
const SPARE = ["add_f32", "swiglu_f32", "softmax_f32", "gelu_f32"] as const;

/** Nothing where the instructions are none of those that it can be made of. */
function program(has: (name: string) => boolean): CompiledProgram | undefined {
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

  const sessionInputs = () => {
    const offsets = input("offsets", two, { check: "offsets", limit: rows });
    const slot = input("slot", one, { check: "distinct", limit: two });
    const past = input("past", one, { check: "past", limit: e(6), offsets });
    return { offsets: b.whole(offsets), slot: b.whole(slot), past: b.whole(past) };
  };

  const readX = ["lookup", "concat_rows", "attention_scores_i8", "requantize"].some(has);
  if (!readX && !has("copy")) {
    const spare = SPARE.find(has);
    if (spare === undefined) return undefined;
    const f32 = { dtype: "f32", extents: [rows, width] } as const;
    const values = b.whole(b.tensor({ region: "input", name: "values", ...f32 }));
    const y = b.whole(b.tensor({ region: "output", name: "y", ...f32 }));
    if (spare === "add_f32") b.instruction(spare, { a: values, b: values, y });
    else if (spare === "swiglu_f32") b.instruction(spare, { gate: values, up: values, y });
    else b.instruction(spare, { x: values, y });
    b.entry("main");
    return b.finish();
  }

  const x = readX || has("append_rows")
    ? b.tensor({ region: "input", name: "x", dtype: "i8", extents: [rows, width] })
    : -1;
  const sessions = has("append_rows") ? sessionInputs() : undefined;
  const cache = b.tensor({
    region: "state",
    name: "cache",
    dtype: "i8",
    extents: [two, e(6), width],
    encoding: "zero",
  });
  if (sessions !== undefined) {
    b.instruction("append_rows", { x: b.whole(x), ...sessions, cache: b.whole(cache) });
  }
  let looked = x;
  if (has("lookup")) {
    // What nothing else reads is an output.
    const more = has("concat_rows") || has("requantize");
    looked = b.tensor({
      ...(more ? { region: "arena" } as const : { region: "output", name: "looked" } as const),
      dtype: "i8",
      extents: [rows, width],
    });
    b.instruction("lookup", {
      x: b.whole(x),
      table: constant("i8", [one, e(256)], bytes(256, 5)),
      y: b.whole(looked),
    });
  }
  let longer = -1;
  if (has("concat_rows") || has("attention_scores_i8")) {
    longer = b.view(looked, [rows, one, width], width);
  }
  if (has("concat_rows")) {
    const extents = [rows, two, width];
    const y = has("attention_scores_i8")
      ? b.whole(b.tensor({ region: "arena", dtype: "i8", extents }))
      : output("longer", "i8", extents);
    b.instruction("concat_rows", {
      first: constant("i8", [one, width], bytes(COLUMNS, 31)),
      x: longer,
      y,
    });
    longer = y;
  }
  if (has("attention_scores_i8")) {
    const each = has("concat_rows") ? two : one;
    b.instruction("attention_scores_i8", {
      q: longer,
      k: longer,
      y: output("scores", "i32", [rows, two, each, each]),
    }, { heads: 2 });
  }
  if (has("requantize")) {
    b.instruction("requantize", {
      x: b.whole(looked),
      multiplier: constant(
        "i32",
        [width],
        words(...Array(COLUMNS).keys().map((i) => i * 77 - 200)),
      ),
      shift: constant("i32", [one], words(3)),
      identity: constant("i8", [width], bytes(COLUMNS, 19)),
      identity_multiplier: constant("i32", [one], words(-9)),
      identity_shift: constant("i32", [one], words(1)),
      y: output("sums", "i32", [rows, width]),
    });
  }
  if (has("copy")) {
    // A row of the cache, as of a ring: of slot 1, 5 rows on.
    const ring = b.expression(6 * COLUMNS, [[2 * COLUMNS, symbol]], b.expression(11 * COLUMNS));
    b.instruction("copy", {
      x: b.view(cache, [one, width], width, ring),
      y: output("row", "i8", [one, width]),
    });
  }
  b.entry("main");
  return b.finish();
}

/** Makes the program of a module with these instructions and runs it. */
export async function knownProgram(
  instructions: readonly InstructionSpec[],
): Promise<KnownProgram | undefined> {
  const made = program((name) => instructions.some((spec) => spec.name === name));
  if (made === undefined) return undefined;
  const file = await encodeProgram(made);
  const all: Record<string, Int8Array | Int32Array | Float32Array> = {
    x: Int8Array.from({ length: ROWS * COLUMNS }, (_, i) => i * 11 - 100),
    offsets: Int32Array.of(0, ROWS),
    slot: Int32Array.of(1),
    past: Int32Array.of(2),
    values: Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => i / 8 - 1),
  };
  const { program: { tensors }, segments } = decodeHead(file);
  const given = Object.fromEntries(
    tensors.flatMap(({ region, name }) => region === "input" ? [[name, all[name]]] : []),
  );
  using instance = await loadReference(file);
  const outputs = instance.runSync(given);
  const { offsets, bytes } = verify(instance.program, segments).plan;
  const region = (
    name: "input" | "output",
    values: Record<string, ArrayBufferView>,
  ): Uint8Array => {
    const places = tensors.map((tensor, i) => ({ tensor, i })).filter(({ tensor }) =>
      tensor.region === name
    );
    const all = new Uint8Array(Math.max(0, ...places.map(({ i }) => offsets[i] + bytes[i])));
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
