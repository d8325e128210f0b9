/** Products of codes with weights in panels: tiles where rows of y are whole words, else an element at a time. */
import { bitsOfElement, elementsOfWord } from "../wgsl/operation.ts";
import type { Dispatches, Operation, Stage } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows and columns of a tile, and words of k that a workgroup holds of them. */
const TILE = 32, STEP = 8;
/** Rows of y up to which a lane has an element of its own. */
const FEW_ROWS = 4;

/** What products differ in, in WGSL. */
export interface Product {
  /** `fn finish(acc: i32, row: u32, n: u32) -> u32`: the bits of y. */
  readonly finish: string;
  /** What the sum of a column starts with, by `n`. */
  readonly initial: string;
  /** The codes of word k of column n, below the padded columns. */
  readonly weight: string;
  /** The product of four codes `v` of x with four `w` of the weights. */
  readonly dot: string;
  /** What that is multiplied by, of word k of column n; absent: 1. */
  readonly factor?: string;
}

/** The dispatches of a product. */
export function gemm(operation: Operation, product: Product): Dispatches {
  const few = [elementwise(
    operation,
    `${product.finish}
fn element(row: u32, n: u32) -> u32 {
  var acc = ${product.initial};
  let total = (x_columns() + 3u) >> 2u;
  for (var k = 0u; k < total; k++) {
    let v = pack_x(row, 4u * k);
    let w = ${product.weight};
    acc += ${product.dot}${product.factor ? ` * ${product.factor}` : ""};
  }
  return finish(acc, row, n);
}`,
  )];
  const { rows } = operation.most("y");
  if (rows <= FEW_ROWS || !operation.hasWholeWords("y")) return { stages: few };
  return { stages: [tiled(operation, product)], few: { rows: FEW_ROWS, stages: few } };
}

/** 64 lanes with 4×4 sums each; x and weights of 8 words of k in the memory of the workgroup. */
function tiled(operation: Operation, { finish, initial, weight, dot, factor }: Product): Stage {
  const dtype = operation.dtype("y");
  const bits = bitsOfElement(dtype), perWord = elementsOfWord(dtype);
  const packed = Array.from({ length: perWord }, (_, j) => {
    const value = `finish(acc[i][j + ${j}u], row, n + ${j}u)`;
    return perWord === 1 ? value : `((${value} & ${2 ** bits - 1}u) << ${bits * j}u)`;
  }).join(" | ");
  return {
    body: `${finish}
var<workgroup> xs: array<u32, ${TILE * STEP}>;
var<workgroup> ws: array<u32, ${TILE * STEP}>;
${factor ? `var<workgroup> factors: array<i32, ${TILE * STEP}>;` : ""}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row0 = group.y * ${TILE}u;
  let n0 = group.x * ${TILE}u;
  let r = (lane >> 3u) * 4u;
  let c = (lane & 7u) * 4u;
  let padded = (y_columns() + 7u) & ~7u;
  var acc: array<array<i32, 4>, 4>;
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      let n = min(n0 + c + j, y_columns() - 1u);
      acc[i][j] = ${initial};
    }
  }
  let total = (x_columns() + 3u) >> 2u;
  for (var k0 = 0u; k0 < total; k0 += ${STEP}u) {
    for (var i = 0u; i < 4u; i++) {
      let at = lane + i * 64u;
      let k = k0 + (at & 7u);
      var v = 0u;
      var w = 0u;
      if (k < total) {
        v = pack_x(min(row0 + (at >> 3u), x_rows() - 1u), 4u * k);
        let n = min(n0 + (at >> 3u), padded - 1u);
        w = ${weight};
        ${factor ? `factors[at] = ${factor};` : ""}
      }
      xs[at] = v;
      ws[at] = w;
    }
    workgroupBarrier();
    for (var k = 0u; k < ${STEP}u; k++) {
      for (var i = 0u; i < 4u; i++) {
        let v = xs[(r + i) * ${STEP}u + k];
        for (var j = 0u; j < 4u; j++) {
          let w = ws[(c + j) * ${STEP}u + k];
          acc[i][j] += ${dot}${factor ? ` * factors[(c + j) * ${STEP}u + k]` : ""};
        }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    let row = row0 + r + i;
    if (row >= y_rows()) { break; }
    for (var j = 0u; j < 4u; j += ${perWord}u) {
      let n = n0 + c + j;
      if (n < y_columns()) { memory[(y_at() + row * y_stride() + n) / ${perWord}u] = ${packed}; }
    }
  }
}`,
    groups: ({ y }) => [Math.ceil(y.columns / TILE), Math.ceil(y.rows / TILE)],
  };
}
