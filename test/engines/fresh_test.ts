/** What a run has not written is zero, on every engine and whatever ran before. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { Random } from "../conformance/_random.ts";

/** Columns of all tensors; rows are a symbol of up to 8. */
const COLUMNS = 12;
const MOST = 8;

/**
 * A program of copies: noise fills the arena and dies, then parts of x go to parts of arena tensors
 * and outputs, which are read whole. The model is what the parts say, over zeros.
 */
async function copies(random: Random): Promise<{
  file: Uint8Array<ArrayBuffer>;
  expected: (x: Int8Array, rows: number) => Record<string, number[]>;
}> {
  const b = new ProgramBuilder();
  const max = b.symbol({
    name: "most",
    kind: "load",
    min: 1,
    max: b.expression(MOST),
    default: MOST,
  });
  const rows = b.symbol({
    name: "rows",
    kind: "run",
    min: 1,
    max: b.expression(0, [[1, max]]),
    default: 1,
  });
  const e = (n: number) => b.expression(n);
  const r = b.expression(0, [[1, rows]]);
  const most = e(MOST);
  const x = b.tensor({ region: "input", name: "x", dtype: "i8", extents: [r, e(COLUMNS)] });
  // Noise that lies where later tensors lie.
  for (let i = 0; i < 3; i++) {
    const noise = b.tensor({ region: "arena", dtype: "i8", extents: [most, e(COLUMNS * 4)] });
    const sink = b.tensor({
      region: "output",
      name: `noise${i}`,
      dtype: "i8",
      extents: [most, e(COLUMNS)],
    });
    for (let part = 0; part < 4; part++) {
      const view = b.view(noise, [r, e(COLUMNS)], e(COLUMNS * 4), e(part * COLUMNS));
      b.instruction("copy", { x: b.whole(x), y: view });
    }
    b.instruction("copy", {
      x: b.view(noise, [most, e(COLUMNS)], e(COLUMNS * 4)),
      y: b.whole(sink),
    });
  }
  const parts: { name: string; whole: boolean; from: number; width: number; at: number }[] = [];
  for (let i = 0; i < 4; i++) {
    const symbolic = random.chance(0.5);
    const extents = [symbolic ? r : most, e(COLUMNS)];
    const through = b.tensor({ region: "arena", dtype: "i8", extents });
    const y = b.tensor({
      region: "output",
      name: `y${i}`,
      dtype: "i8",
      extents: [most, e(COLUMNS)],
    });
    const width = random.integer(1, COLUMNS);
    const from = random.integer(0, COLUMNS - width);
    const at = random.integer(0, COLUMNS - width);
    b.instruction("copy", {
      x: b.view(x, [r, e(width)], e(COLUMNS), e(from)),
      y: b.view(through, [r, e(width)], e(COLUMNS), e(at)),
    });
    const whole = random.chance(0.5);
    // Beyond the present rows, a view may see up to the largest ones.
    const all = whole ? most : r;
    b.instruction("copy", {
      x: b.view(through, [all, e(COLUMNS)], e(COLUMNS)),
      y: b.view(y, [all, e(COLUMNS)], e(COLUMNS)),
    });
    parts.push({ name: `y${i}`, whole, from, width, at });
  }
  b.entry("main");
  return {
    file: await encodeProgram(b.finish()),
    expected: (given, n) =>
      Object.fromEntries(parts.map(({ name, from, width, at }) => {
        const y = new Int8Array(MOST * COLUMNS);
        for (let row = 0; row < n; row++) {
          for (let c = 0; c < width; c++) {
            y[row * COLUMNS + at + c] = given[row * COLUMNS + from + c];
          }
        }
        return [name, [...y]];
      })),
  };
}

const PROGRAMS = 150;
Deno.test(`${PROGRAMS} programs of partial writes read zeros between them`, async () => {
  const random = new Random(20261128);
  for (let i = 0; i < PROGRAMS; i++) {
    const { file, expected } = await copies(random);
    for (const engine of ENGINES) {
      using instance = await engine.load(file);
      for (const rows of [MOST, 3, 1, 5]) {
        const x = Int8Array.from({ length: rows * COLUMNS }, () => random.integer(1, 127));
        const outputs = instance.runSync({ x });
        for (const [name, values] of Object.entries(expected(x, rows))) {
          assert.deepEqual([...outputs[name].data as Int8Array], values, `${engine.name}, ${name}`);
        }
      }
    }
  }
});

/** float32 with the given bits. */
const floats = (bits: number[]) => new Float32Array(Uint32Array.from(bits).buffer);
const bitsOf = ({ data }: Tensor) => [...new Uint32Array((data as Float32Array).slice().buffer)];
const NAN = 0x7FC00000;
/** Quiet, signalling, negative, with payloads. */
const NANS = [0x7FC00001, 0xFFC00000, 0x7F800001, 0xFF812345, 0x7FFFFFFF, 0xFFFFFFFF, NAN];

Deno.test("NaNs of outputs and state are canonical on every engine", async () => {
  const b = new ProgramBuilder();
  const e = (n: number) => b.expression(n);
  // A multiple of 16 elements, so that the state ends with its tensor.
  const n = 32;
  const x = b.tensor({ region: "input", name: "x", dtype: "f32", extents: [e(1), e(n)] });
  const s = b.tensor({
    region: "state",
    name: "s",
    dtype: "f32",
    extents: [e(1), e(n)],
    encoding: "zero",
  });
  const p = b.tensor({
    region: "parameter",
    name: "p",
    dtype: "f32",
    extents: [e(1), e(n)],
    encoding: "zero",
  });
  const out = (name: string) =>
    b.tensor({ region: "output", name, dtype: "f32", extents: [e(1), e(n)] });
  const [copied, sum] = [out("copied"), out("sum")];
  b.instruction("copy", { x: b.whole(x), y: b.whole(s) });
  b.instruction("accumulate", { x: b.whole(x), y: b.whole(p) });
  b.instruction("copy", { x: b.whole(x), y: b.whole(copied) });
  b.instruction("add_f32", { a: b.whole(x), b: b.whole(s), y: b.whole(sum) });
  b.entry("main");
  const file = await encodeProgram(b.finish());
  const given = floats([...NANS, ...NANS, ...NANS, ...NANS, 0x3F800000, 0xFF800000, 1, 0]);
  const expected = Array.from(
    given,
    (v, i) => Number.isNaN(v) ? NAN : new Uint32Array(given.buffer)[i],
  );
  const saved: Uint8Array[] = [];
  for (const engine of ENGINES) {
    using instance: SyncInstance = await engine.load(file);
    const outputs = instance.runSync({ x: given });
    assert.deepEqual(bitsOf(outputs.copied), expected, engine.name);
    assert.ok(bitsOf(outputs.sum).every((bits, i) => expected[i] !== NAN || bits === NAN));
    const state = instance.saveStateSync();
    assert.deepEqual([...new Uint32Array(state.slice(-4 * n).buffer)], expected, engine.name);
    saved.push(state);
    for (const name of ["s", "p"]) assert.deepEqual(bitsOf(instance.readSync(name)), expected);
  }
  for (const state of saved) assert.deepEqual(state, saved[0]);
});
