/**
 * What is computed element by element. Memory has no bytes: the invocation that owns a word computes each element in it
 * that belongs to the result, and keeps the others. No two invocations own a word, so that reading and writing it is safe.
 */
import { bitsOfElement, flat } from "../wgsl/operation.ts";
import type { Operation, Stage } from "../wgsl/operation.ts";

/** Invocations of a workgroup. */
const LANES = 64;

/**
 * A stage that writes all elements of an operand, whatever its alignment.
 *
 * @param element WGSL with `fn element(row: u32, column: u32) -> u32`, the bits of an element.
 */
export function elementwise(operation: Operation, element: string, name = "y"): Stage {
  const bits = bitsOfElement(operation.dtype(name)), perWord = 32 / bits;
  const owned = perWord === 1
    ? `let e = word - ${name}_at();
  let row = e / ${name}_stride();
  let column = e - row * ${name}_stride();
  if (row < ${name}_rows() && column < ${name}_columns()) { memory[word] = element(row, column); }`
    : `var value = memory[word];
  for (var j = 0u; j < ${perWord}u; j++) {
    let e = word * ${perWord}u + j - ${name}_at();
    /* before the first one it wraps, to a row beyond the last */
    let row = e / ${name}_stride();
    let column = e - row * ${name}_stride();
    if (row < ${name}_rows() && column < ${name}_columns()) {
      value = insertBits(value, element(row, column), j * ${bits}u, ${bits}u);
    }
  }
  memory[word] = value;`;
  const end = `${name}_at() + (${name}_rows() - 1u) * ${name}_stride() + ${name}_columns()`;
  return {
    body: `${element}
@compute @workgroup_size(${LANES})
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let word = ${name}_at() / ${perWord}u + id.x + id.y * groups.x * ${LANES}u;
  if (word * ${perWord}u >= ${end}) { return; }
  ${owned}
}`,
    groups: (sizes) => {
      const { at, stride, rows, columns } = sizes[name];
      const words = Math.ceil((at + (rows - 1) * stride + columns) / perWord) -
        Math.floor(at / perWord);
      return flat(Math.ceil(words / LANES));
    },
  };
}
