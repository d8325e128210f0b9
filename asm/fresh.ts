// What a run has not written is zero, not what was in that memory before: dead values of other
// tensors in the arena, an earlier run's in the outputs. For each of these tensors an instance has the
// bytes that views of it reach at the present sizes. `begin` copies them to a table of what is still
// to come; the first instruction that names a tensor sets them to zero, unless it writes them all.
import { CONTEXT_VALUES, regionAddress } from "./context";
import { operandRecord, recordOf, roleOf } from "./description";
import { REGION_ARENA, REGION_OUTPUT } from "./generated/format";
import { elementBytesOf } from "./layout";
import {
  count,
  EXPRESSIONS,
  INFO_OFFSET,
  opcode,
  region,
  tensorDtype,
  tensorExtent,
  tensorInfo,
  tensorRank,
  tensorRecord,
  TENSORS,
  viewExtent,
  viewOffset,
  viewRank,
  viewRecord,
  viewRowStride,
  VIEWS,
  viewTensor,
} from "./model";

const OUT: u32 = 1;

/** Bytes to be set to zero, an u32 for each tensor; 0 once an instruction has named it. */
// @ts-ignore: decorator

export function freshTable(model: usize, context: usize): usize {
  return context + CONTEXT_VALUES + (<usize> count(model, EXPRESSIONS) << 2);
}

// @ts-ignore: decorator

function isFresh(where: u32): bool {
  return where == REGION_ARENA || where == REGION_OUTPUT;
}

// @ts-ignore: decorator

function valueOf(context: usize, expression: u32): u32 {
  return load<u32>(context + (<usize> expression << 2), CONTEXT_VALUES);
}

/** Bytes of a tensor of rows in the run that has begun. */
export function presentBytes(context: usize, tensor: usize): u32 {
  let bytes = elementBytesOf(tensorDtype(tensor));
  for (let axis: u32 = 0, rank = tensorRank(tensor); axis < rank; axis++) {
    bytes *= valueOf(context, tensorExtent(tensor, axis));
  }
  return bytes;
}

/** Marks the tensors of a run that begins. */
export function setFresh(model: usize, context: usize): void {
  const bytes = <usize> count(model, TENSORS) << 2;
  const table = freshTable(model, context);
  memory.copy(table, table + bytes, bytes);
}

/** Bytes that views reach, at the values of the expressions. */
export function measureFresh(model: usize, context: usize): void {
  const table = freshTable(model, context) + (<usize> count(model, TENSORS) << 2);
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
    const tensor = tensorRecord(model, i);
    const bytes = isFresh(region(tensor)) ? presentBytes(context, tensor) : 0;
    store<u32>(table + (<usize> i << 2), bytes);
  }
  // A view may reach beyond the present extents, never beyond the largest ones.
  for (let i: u32 = 0, n = count(model, VIEWS); i < n; i++) {
    const view = viewRecord(model, i);
    const index = viewTensor(view);
    const tensor = tensorRecord(model, index);
    if (!isFresh(region(tensor))) continue;
    const at = table + (<usize> index << 2);
    store<u32>(
      at,
      max(load<u32>(at), viewEnd(context, view) * elementBytesOf(tensorDtype(tensor))),
    );
  }
}

/** Elements from the start of the tensor to the end of the view. */
function viewEnd(context: usize, view: usize): u32 {
  const rank = viewRank(view);
  let rows: u32 = 1;
  for (let axis: u32 = 0; axis + 1 < rank; axis++) rows *= valueOf(context, viewExtent(view, axis));
  return valueOf(context, viewOffset(view)) + (rows - 1) * valueOf(context, viewRowStride(view)) +
    valueOf(context, viewExtent(view, rank - 1));
}

/** Called with the first instruction that names a tensor, for its operand `j`. */
export function wake(
  model: usize,
  context: usize,
  instruction: usize,
  j: u32,
  view: usize,
  bytes: u32,
): void {
  const index = viewTensor(view);
  const tensor = tensorRecord(model, index);
  store<u32>(freshTable(model, context) + (<usize> index << 2), 0);
  const role = roleOf(operandRecord(recordOf(opcode(instruction)), j));
  if (role == OUT && isWhole(context, view, bytes / elementBytesOf(tensorDtype(tensor)))) return;
  const address = regionAddress(context, region(tensor)) +
    <usize> load<u64>(tensorInfo(model, index), INFO_OFFSET);
  memory.fill(address, 0, bytes);
}

/** Whether a view has the elements from the first one on without gaps. */
function isWhole(context: usize, view: usize, elements: u32): bool {
  if (valueOf(context, viewOffset(view)) != 0 || viewEnd(context, view) < elements) return false;
  const last = viewExtent(view, viewRank(view) - 1);
  return valueOf(context, viewRowStride(view)) == valueOf(context, last) ||
    valueOf(context, last) >= elements;
}
