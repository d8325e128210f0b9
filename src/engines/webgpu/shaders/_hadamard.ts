/** Rotations of rows by additions (`src/instructions/_hadamard.ts`), a row a workgroup, in the scratch memory. */
import { paley36 } from "../../../numeric/hadamard.ts";
import type { Operation, Stage } from "../wgsl/operation.ts";
import { rowwise } from "./_rows.ts";

/** A row of P as bits, 1 where it has −1. */
const ROWS: string = paley36().map((row) => {
  const bits = row.map((sign) => sign < 0 ? "1" : "0").reverse().join("");
  return `vec2<u32>(0x${parseInt(bits.slice(4), 2).toString(16)}u, ${
    parseInt(bits.slice(0, 4), 2)
  }u)`;
}).join(", ");

/**
 * Writes `turned(row, c, H·x[c])` to y.
 *
 * @param functions WGSL with `fn given(row: u32, c: u32) -> i32`, what is rotated, and `turned`, which has its result.
 */
export function rotation(functions: string): Stage {
  return rowwise(
    "y",
    `const PALEY = array<vec2<u32>, 36>(${ROWS});
${functions}
fn first_sum(row: u32, c: u32, order: u32) -> i32 {
  if (order == 1u) { return given(row, c); }
  let block = c - c % 36u;
  var signs = PALEY[c % 36u];
  var sum = 0;
  for (var k = 0u; k < 36u; k++) {
    let value = given(row, block + k);
    sum += select(value, -value, (signs.x & 1u) == 1u);
    signs = vec2<u32>((signs.x >> 1u) | (signs.y << 31u), signs.y >> 1u);
  }
  return sum;
}`,
    `let columns = y_columns();
  let order = select(1u, 36u, attribute_paley() == 1u && columns % 36u == 0u);
  let rest = columns / order;
  let power = rest & (~rest + 1u);
  let first = scratch() + row * columns;
  for (var c = lane; c < columns; c += 64u) { memory[first + c] = u32(first_sum(row, c, order)); }
  for (var step = order; step < order * power; step *= 2u) {
    storageBarrier();
    for (var i = lane; i < columns / 2u; i += 64u) {
      let at = first + i / step * 2u * step + i % step;
      let a = memory[at];
      let b = memory[at + step];
      memory[at] = a + b;
      memory[at + step] = a - b;
    }
  }
  storageBarrier();
  for (var c = lane; c < columns; c += 64u) {
    write_y(row, c, u32(turned(row, c, i32(memory[first + c]))));
  }`,
  );
}

/** Words that it needs. */
export function rotationWords(operation: Operation): number {
  const { rows, columns } = operation.most("y");
  return rows * columns;
}
