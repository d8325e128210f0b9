/** Ops that move rows, and views. */
import * as ops from "../../../src/graph/ops/mod.ts";
import { codes, constant, floats, matrix, nearest, sum } from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [B, L, C] = [2, 5, 6];
const x = floats(B * L * C);
const small = Int8Array.from(codes(B * L * C));
const at = (data: ArrayLike<number>, b: number, i: number, c: number) => data[(b * L + i) * C + c];
const first = floats(2 * C);
const index = [4, 0, 0, 3];

/** Element of an image by batch, row, column, channel. */
const [H, W, CHANNELS, P] = [4, 6, 3, 2];
const image = floats(2 * H * W * CHANNELS);
function patchesOf(pixel: (b: number, y: number, x: number, c: number) => number): number[] {
  const across = W / P;
  return matrix(2 * H / P * across, P * P * CHANNELS, (row, column) => {
    const [b, p] = [Math.floor(row / (H / P * across)), row % (H / P * across)];
    const [place, c] = [Math.floor(column / CHANNELS), column % CHANNELS];
    const y = Math.floor(p / across) * P + Math.floor(place / P);
    return pixel(b, y, p % across * P + place % P, c);
  });
}

/** Ops on rows. */
export const ROW_CASES: readonly RuleCase[] = [
  {
    op: "ConcatRows",
    of: "before each sequence",
    make: (g) =>
      g.apply(ops.concatRows, {
        first: constant(g, "f32", [2, C], first),
        x: g.input("x", "f32", [B, L, C]),
      }),
    inputs: { x },
    expected: matrix(B * (L + 2), C, (row, c) => {
      const [b, i] = [Math.floor(row / (L + 2)), row % (L + 2)];
      return i < 2 ? first[i * C + c] : at(x, b, i - 2, c);
    }),
  },
  {
    op: "GatherRows",
    of: "by an index",
    make: (g) =>
      g.apply(ops.gatherRows, {
        x: g.input("x", "f32", [B, L, C]),
        index: constant(g, "i32", [4], Int32Array.from(index)),
      }),
    inputs: { x },
    expected: matrix(B * 4, C, (row, c) => at(x, Math.floor(row / 4), index[row % 4], c)),
  },
  {
    op: "MeanRows",
    of: "in float32",
    make: (g) => g.apply(ops.meanRows, { x: g.input("x", "f32", [B, L, C]) }),
    inputs: { x },
    expected: matrix(B, C, (b, c) => sum(L, (i) => at(x, b, i, c)) / L),
    within: 1e-6,
  },
  {
    op: "MeanRows",
    of: "of codes",
    make: (g) => g.apply(ops.meanRows, { x: g.input("x", "i8", [B, L, C]) }),
    inputs: { x: small },
    expected: matrix(B, C, (b, c) => nearest(sum(L, (i) => at(small, b, i, c)) / L)),
  },
  {
    op: "Patches",
    of: "channels first",
    make: (g) =>
      g.apply(ops.patches, { x: g.input("x", "f32", [2, CHANNELS, H, W]) }, {
        patch: P,
        order: "channels_first",
      }),
    inputs: { x: image },
    expected: patchesOf((b, y, column, c) => image[((b * CHANNELS + c) * H + y) * W + column]),
  },
  {
    op: "Patches",
    of: "channels last",
    make: (g) =>
      g.apply(ops.patches, { x: g.input("x", "f32", [2, H, W, CHANNELS]) }, {
        patch: P,
        order: "channels_last",
      }),
    inputs: { x: image },
    expected: patchesOf((b, y, column, c) => image[((b * H + y) * W + column) * CHANNELS + c]),
  },
  {
    op: "Identity",
    of: "an input",
    make: (g) => g.apply(ops.identity, { x: g.input("x", "f32", [B, L, C]) }),
    inputs: { x },
    expected: [...x],
  },
  {
    op: "Reshape",
    of: "to other columns",
    make: (g) =>
      g.apply(ops.add, {
        a: g.apply(ops.reshape, { x: g.input("x", "f32", [B, L, C]) }, { shape: [L, B * C] }),
        b: constant(g, "f32", [B * C], floats(B * C).map((_, i) => i)),
      }),
    inputs: { x },
    expected: matrix(L, B * C, (r, c) => Math.fround(x[r * B * C + c] + c)),
  },
  {
    op: "Reshape",
    of: "a slice, to other planes",
    make(g) {
      const x = g.apply(ops.sliceColumns, { x: g.input("x", "f32", [B, L, C]) }, {
        start: 1,
        end: 4,
      });
      const rows = g.apply(ops.reshape, { x }, { shape: [L, B, 3] });
      return g.apply(ops.add, { a: rows, b: constant(g, "f32", [3], new Float32Array(3)) });
    },
    inputs: { x },
    expected: matrix(B * L, 3, (r, c) => x[r * C + c + 1]),
  },
  {
    op: "SelectRow",
    of: "the third of each sequence",
    make: (g) => g.apply(ops.selectRow, { x: g.input("x", "f32", [B, L, C]) }, { row: 2 }),
    inputs: { x },
    expected: matrix(B, C, (b, c) => at(x, b, 2, c)),
  },
  {
    op: "SliceColumns",
    of: "of a slice of a row",
    make(g) {
      const slice = (value: Parameters<typeof g.output>[1], start: number, end: number) =>
        g.apply(ops.sliceColumns, { x: value }, { start, end });
      const outer = slice(g.input("x", "f32", [B, L, C]), 1, 6);
      return slice(g.apply(ops.selectRow, { x: outer }, { row: 3 }), 2, 4);
    },
    inputs: { x },
    expected: matrix(B, 2, (b, c) => at(x, b, 3, c + 3)),
  },
];
