/** Small programs for the tests of `inspect`. */
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Metadata } from "../../src/program/program.ts";
import { openProgram } from "../../src/inspect/open.ts";
import { summarize } from "../../src/inspect/summary.ts";
import type { OpenedProgram } from "../../src/inspect/open.ts";
import type { ProgramSummary } from "../../src/inspect/summary.ts";

/**
 * Two layers of 8 × 8 with an attention-free residual: quantize, linear to i8, linear to i16 with the
 * first one's input as identity, requantize (twice the same pair), out.
 */
export async function layersFile(metadata: Metadata = {}): Promise<Uint8Array<ArrayBuffer>> {
  const b = new ProgramBuilder();
  const [one, four, eight, ten] = [1, 4, 8, 10].map((n) => b.expression(n));
  const max = b.symbol({ name: "max_batch", kind: "load", min: 1, max: ten, default: 2 });
  const batch = b.symbol({
    name: "batch",
    kind: "run",
    min: 1,
    max: b.expression(0, [[1, max]]),
    default: 1,
  });
  const rows = b.expression(0, [[4, batch]]);
  const constant = (dtype: "i32" | "f32" | "i8", extents: number[], layout?: "panel_8x4") => {
    const bytes = extents.includes(eight) ? layout ? 64 : 32 : 4;
    return b.whole(
      b.tensor({ region: "constant", dtype, extents, layout, data: new Uint8Array(bytes) }),
    );
  };
  const scalar = constant("i32", [one]);
  const arena = (dtype: "i8" | "i16") =>
    b.tensor({ region: "arena", dtype, extents: [rows, eight] });
  const image = b.tensor({ region: "input", name: "image", dtype: "f32", extents: [rows, eight] });
  const output = b.tensor({ region: "output", name: "y", dtype: "i16", extents: [rows, eight] });
  let x = arena("i16");
  b.instruction("quantize_linear", {
    x: b.whole(image),
    scale: constant("f32", [one]),
    y: b.whole(x),
  });
  for (let layer = 0; layer < 2; layer++) {
    const [small, hidden] = [arena("i8"), arena("i8")];
    b.instruction("requantize", {
      x: b.whole(x),
      multiplier: scalar,
      shift: scalar,
      y: b.whole(small),
    });
    b.instruction("linear_i8", {
      x: b.whole(small),
      weight: constant("i8", [eight, eight], "panel_8x4"),
      bias: constant("i32", [eight]),
      multiplier: scalar,
      shift: scalar,
      y: b.whole(hidden),
    });
    const next = layer === 1 ? output : arena("i16");
    b.instruction("linear_i8", {
      x: b.whole(hidden),
      weight: constant("i8", [eight, eight], "panel_8x4"),
      multiplier: scalar,
      shift: scalar,
      multiplier2: scalar,
      shift2: scalar,
      identity: b.whole(x),
      identity_multiplier: scalar,
      identity_shift: scalar,
      y: b.whole(next),
    });
    x = next;
  }
  b.entry("main");
  const copied = b.tensor({ region: "output", name: "copied", dtype: "f32", extents: [one, four] });
  const source = b.tensor({ region: "input", name: "source", dtype: "f32", extents: [one, four] });
  b.instruction("copy", { x: b.whole(source), y: b.whole(copied) });
  b.entry("other");
  return await encodeProgram(b.finish(metadata));
}

/** A cache that grows: all checks of inputs but `below`. */
export async function cacheFile(): Promise<Uint8Array<ArrayBuffer>> {
  const b = new ProgramBuilder();
  const [three, four, eight] = [3, 4, 8].map((n) => b.expression(n));
  const tokens = b.expression(
    0,
    [[1, b.symbol({ name: "tokens", kind: "run", min: 1, max: eight, default: 7 })]],
  );
  const cache = b.tensor({
    region: "state",
    name: "cache",
    dtype: "i8",
    extents: [four, eight, three],
    encoding: "zero",
  });
  const x = b.tensor({ region: "input", name: "x", dtype: "i8", extents: [tokens, three] });
  const offsets = b.tensor({
    region: "input",
    name: "offsets",
    dtype: "i32",
    extents: [four],
    check: "offsets",
    limit: tokens,
  });
  const slot = b.tensor({
    region: "input",
    name: "slot",
    dtype: "i32",
    extents: [three],
    check: "distinct",
    limit: four,
  });
  const past = b.tensor({
    region: "input",
    name: "past",
    dtype: "i32",
    extents: [three],
    check: "past",
    limit: eight,
    offsets,
  });
  b.instruction("append_rows", {
    x: b.whole(x),
    offsets: b.whole(offsets),
    slot: b.whole(slot),
    past: b.whole(past),
    cache: b.whole(cache),
  });
  b.entry("main");
  return await encodeProgram(b.finish());
}

/** A file as `inspect` sees it. */
export function inspected(
  file: Uint8Array,
): { opened: OpenedProgram; summary: ProgramSummary } {
  const opened = openProgram(file);
  return { opened, summary: summarize(opened.head, opened.verified) };
}
