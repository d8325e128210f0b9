/** Small programs that together use every rule of the format. */
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { matrices, ternaryProgram } from "./_ternary.ts";

/** Little-endian bytes of 32-bit integers. */
export function i32(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

/** Bytes of 32-bit floats. */
export function f32(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/**
 * Two entries over run-time sizes: `main` requantises rows, adds a parameter and keeps a sum;
 * `peek` copies the sum out.
 *
 *     x [T, 8] i8 ─requantize→ arena i32 ─accumulate→ arena ─┬→ y [T, 8]
 *     bias (parameter) ──────────────────────┘               └→ total (state) += row 0
 */
export function rowsProgram(): CompiledProgram {
  const b = new ProgramBuilder();
  const most = b.symbol({
    name: "max_rows",
    kind: "load",
    min: 1,
    max: b.expression(64),
    default: 16,
  });
  const rows = b.symbol({
    name: "rows",
    kind: "run",
    min: 1,
    max: b.expression(0, [[1, most]]),
    default: 4,
  });
  const [t, one, width, half] = [
    b.expression(0, [[1, rows]]),
    b.expression(1),
    b.expression(8),
    b.expression(4),
  ];
  const x = b.tensor({ name: "x", region: "input", dtype: "i8", extents: [t, width] });
  const y = b.tensor({ name: "y", region: "output", dtype: "i32", extents: [t, width] });
  const out = b.tensor({ name: "sum", region: "output", dtype: "i32", extents: [one, width] });
  const scaled = b.tensor({ region: "arena", dtype: "i32", extents: [t, width] });
  const moved = b.tensor({ region: "arena", dtype: "i32", extents: [t, width] });
  const spare = b.tensor({ region: "arena", dtype: "i32", extents: [one, width] });
  const bias = b.tensor({
    name: "bias",
    region: "parameter",
    dtype: "i32",
    extents: [one, width],
    data: i32(1, 2, 3, 4, 5, 6, 7, 8),
  });
  const extra = b.tensor({
    name: "gradient",
    region: "parameter",
    dtype: "i32",
    extents: [b.expression(0, [[1, most]]), width],
    encoding: "zero",
  });
  const total = b.tensor({
    name: "total",
    region: "state",
    dtype: "i32",
    extents: [one, width],
    data: i32(10, 20, 30, 40, 50, 60, 70, 80),
  });
  const history = b.tensor({
    name: "history",
    region: "state",
    dtype: "i32",
    extents: [b.expression(0, [[1, most]]), width],
    encoding: "zero",
  });
  const multiplier = b.tensor({
    region: "constant",
    dtype: "i32",
    extents: [width],
    data: i32(3, 3, 5, 5, 7, 7, 9, 9),
  });
  const shift = b.tensor({
    region: "constant",
    dtype: "i32",
    extents: [one],
    data: i32(1),
  });
  b.instruction("requantize", {
    x: b.whole(x),
    multiplier: b.whole(multiplier),
    shift: b.whole(shift),
    y: b.whole(scaled),
  });
  b.instruction("copy", { x: b.whole(scaled), y: b.whole(moved) });
  b.instruction("accumulate", { x: b.whole(scaled), y: b.whole(moved) });
  // Rows of the history, by halves, with strides of their own.
  b.instruction("copy", {
    x: b.view(moved, [t, half], width),
    y: b.view(history, [t, half], width, b.expression(4)),
  });
  b.instruction("copy", { x: b.whole(bias), y: b.whole(spare) });
  b.instruction("accumulate", { x: b.view(moved, [one, width], width), y: b.whole(spare) });
  b.instruction("accumulate", { x: b.whole(spare), y: b.whole(total) });
  b.instruction("copy", { x: b.whole(moved), y: b.whole(y) });
  b.instruction("accumulate", { x: b.view(extra, [t, width], width), y: b.whole(y) });
  b.entry("main");
  b.instruction("copy", { x: b.whole(total), y: b.whole(out) });
  b.entry("peek");
  return b.finish({ name: "rows" });
}

/** `step` writes row `position mod capacity` of a ring; `read` copies the ring out. */
export function ringProgram(): CompiledProgram {
  const b = new ProgramBuilder();
  const capacity = b.symbol({
    name: "capacity",
    kind: "load",
    min: 2,
    max: b.expression(32),
    default: 4,
  });
  const position = b.symbol({
    name: "position",
    kind: "run",
    min: 0,
    max: b.expression(100_000),
    default: 0,
  });
  const [one, width] = [b.expression(1), b.expression(6)];
  const rows = b.expression(0, [[1, capacity]]);
  const elements = b.expression(0, [[6, capacity]]);
  const offset = b.expression(0, [[6, position]], elements);
  const x = b.tensor({ name: "x", region: "input", dtype: "f32", extents: [one, width] });
  const ring = b.tensor({
    name: "ring",
    region: "state",
    dtype: "f32",
    extents: [rows, width],
    encoding: "zero",
  });
  const y = b.tensor({ name: "y", region: "output", dtype: "f32", extents: [rows, width] });
  const bias = b.tensor({
    region: "constant",
    dtype: "f32",
    extents: [width],
    data: f32(0.5, 1.5, 2.5, 3.5, 4.5, 5.5),
  });
  b.instruction("copy", { x: b.whole(x), y: b.view(ring, [one, width], width, offset) });
  b.entry("step");
  b.instruction("add_f32", { a: b.whole(ring), b: b.whole(bias), y: b.whole(y) });
  b.entry("read");
  return b.finish();
}

/** Appends a ragged batch to the caches of its sessions, and picks rows by constant and input. */
export function raggedProgram(): CompiledProgram {
  const b = new ProgramBuilder();
  const load = (name: string, max: number, value: number): number =>
    b.symbol({ name, kind: "load", min: 1, max: b.expression(max), default: value });
  const run = (name: string, most: number): number =>
    b.symbol({ name, kind: "run", min: 1, max: b.expression(0, [[1, most]]), default: 1 });
  const [sessions, context, tokens] = [
    load("sessions", 8, 4),
    load("context", 64, 16),
    load("max_tokens", 64, 12),
  ];
  const [t, n] = [run("tokens", tokens), run("batch", sessions)];
  const [length, batch, bounds] = [
    b.expression(0, [[1, t]]),
    b.expression(0, [[1, n]]),
    b.expression(1, [[1, n]]),
  ];
  const [s, r, c] = [
    b.expression(0, [[1, sessions]]),
    b.expression(0, [[1, context]]),
    b.expression(3),
  ];
  const [one, two] = [b.expression(1), b.expression(2)];
  const input = (
    name: string,
    extent: number,
    check: "offsets" | "distinct" | "past" | "below",
    limit: number,
    of?: number,
  ): number =>
    b.tensor({
      name,
      region: "input",
      dtype: "i32",
      extents: [extent],
      check,
      limit,
      offsets: of,
    });
  const x = b.tensor({ name: "x", region: "input", dtype: "i16", extents: [length, c] });
  const offsets = input("offsets", bounds, "offsets", length);
  const slot = input("slot", batch, "distinct", s);
  const past = input("past", batch, "past", r, offsets);
  const rows = input("rows", two, "below", length);
  const cache = b.tensor({
    name: "cache",
    region: "state",
    dtype: "i16",
    extents: [s, r, c],
    encoding: "zero",
  });
  const y = b.tensor({ name: "y", region: "output", dtype: "i16", extents: [one, two, c] });
  const z = b.tensor({ name: "z", region: "output", dtype: "i16", extents: [one, two, c] });
  const last = b.tensor({ region: "constant", dtype: "i32", extents: [two], data: i32(0, 0) });
  b.instruction("append_rows", {
    x: b.whole(x),
    offsets: b.whole(offsets),
    slot: b.whole(slot),
    past: b.whole(past),
    cache: b.whole(cache),
  });
  b.instruction("gather_rows", {
    x: b.view(x, [one, length, c], c),
    index: b.whole(rows),
    y: b.whole(y),
  });
  b.instruction("gather_rows", {
    x: b.view(x, [one, length, c], c),
    index: b.whole(last),
    y: b.whole(z),
  });
  b.entry("main");
  return b.finish();
}

/** A linear layer in panels, fused and not, with an attention that has a mask: for the verifier. */
export function layersProgram(): CompiledProgram {
  const b = new ProgramBuilder();
  const most = b.symbol({
    name: "max_batch",
    kind: "load",
    min: 1,
    max: b.expression(8),
    default: 4,
  });
  const batch = b.symbol({
    name: "batch",
    kind: "run",
    min: 1,
    max: b.expression(0, [[1, most]]),
    default: 2,
  });
  const [n, one, five, k] = [
    b.expression(0, [[1, batch]]),
    b.expression(1),
    b.expression(5),
    b.expression(12),
  ];
  const two = b.expression(2);
  const arena = (dtype: "i8" | "i16" | "i32", extents: number[]): number =>
    b.tensor({ region: "arena", dtype, extents });
  const scalar = (value: number): number =>
    b.whole(b.tensor({ region: "constant", dtype: "i32", extents: [one], data: i32(value) }));
  const x = b.tensor({ name: "x", region: "input", dtype: "i8", extents: [n, five, k] });
  const y = b.tensor({ name: "y", region: "output", dtype: "i8", extents: [n, five, k] });
  const weight = b.tensor({
    region: "constant",
    dtype: "i8",
    layout: "panel_8x4",
    extents: [k, k],
    data: Uint8Array.from({ length: 16 * 12 }, (_, i) => i % 96 < 64 || i < 96 ? i * 7 : 0),
  });
  const bias = b.tensor({
    region: "constant",
    dtype: "i32",
    extents: [k],
    data: i32(...Array.from({ length: 12 }, (_, i) => i * 100 - 500)),
  });
  const exponentials = b.tensor({
    region: "constant",
    dtype: "i32",
    extents: [b.expression(256)],
    data: i32(...Array.from({ length: 256 }, (_, d) => Math.round(Math.exp(-d / 16) * 2 ** 20))),
  });
  const mask = b.tensor({
    region: "constant",
    dtype: "u8",
    extents: [two, five, five],
    data: Uint8Array.from({ length: 50 }, (_, i) => i % 3 === 0 ? 1 : 0),
  });
  const [q, p] = [arena("i8", [n, five, k]), arena("i8", [n, five, k])];
  const residual = arena("i16", [n, five, k]);
  const linear = { x: b.whole(x), weight: b.whole(weight), bias: b.whole(bias) };
  const requantized = { multiplier: scalar(1000), shift: scalar(18) };
  b.instruction("linear_i8", { ...linear, ...requantized, y: b.whole(q) });
  b.instruction("attention_i8", {
    q: b.whole(q),
    k: b.whole(q),
    v: b.whole(q),
    multiplier: scalar(1000),
    shift: scalar(14),
    mask: b.whole(mask),
    exponentials: b.whole(exponentials),
    value_multiplier: scalar(3),
    value_shift: scalar(16),
    y: b.whole(p),
  }, { heads: 3 });
  b.instruction("linear_i8", {
    ...linear,
    x: b.whole(p),
    ...requantized,
    multiplier2: scalar(5),
    shift2: scalar(1),
    identity: b.whole(x),
    identity_multiplier: scalar(7),
    identity_shift: scalar(2),
    y: b.whole(residual),
  });
  b.instruction("requantize", {
    x: b.whole(residual),
    multiplier: scalar(1),
    shift: scalar(3),
    y: b.whole(y),
  });
  b.entry("main");
  return b.finish();
}

/** The files of all of these. */
export async function files(): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  return {
    rows: await encodeProgram(rowsProgram()),
    ring: await encodeProgram(ringProgram()),
    ragged: await encodeProgram(raggedProgram()),
    layers: await encodeProgram(layersProgram()),
    ternary: await encodeProgram(ternaryProgram(matrices([3, 7], [9, 18]))),
  };
}
