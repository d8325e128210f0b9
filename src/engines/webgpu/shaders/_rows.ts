/** What is computed for a row as a whole, by a workgroup: statistics into the scratch memory, elements come later. */
import { rowsOf } from "../wgsl/operation.ts";
import type { Stage } from "../wgsl/operation.ts";

/**
 * A stage of a workgroup a row. The body has `row` and `lane` (0…63); it may not return before a barrier.
 *
 * @param declarations WGSL before `main`: functions and variables of the workgroup.
 */
export function rowwise(name: string, declarations: string, body: string): Stage {
  return {
    body: `${declarations}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= ${name}_rows()) { return; }
  ${body}
}`,
    groups: rowsOf(name),
  };
}

/** Combines the 64 elements of a variable of the workgroup into its first; `a` and `b` are two of them. */
export function reduce(variable: string, combined: string): string {
  const text = combined.replace(/\ba\b/g, `${variable}[lane]`)
    .replace(/\bb\b/g, `${variable}[lane + half]`);
  return `for (var half = 32u; half >= 1u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) { ${variable}[lane] = ${text}; }
  }
  workgroupBarrier();`;
}
