// What a run has not written is zero, not what was in that memory before: dead values of other
// tensors in the arena, an earlier run's in the outputs. For each of these tensors an instance has the
// bytes that views of it reach at the present sizes. `begin` copies them to a table of what is still
// to come; the first instruction that names a tensor sets them to zero, unless it writes them all.
import { Context } from "./context";
import { descriptionOf, operandOf } from "./description";
import { REGION_ARENA, REGION_OUTPUT } from "./generated/format";
import { InstructionRecord, TensorRecord, ViewRecord } from "./generated/records";
import { ROLE_OUT } from "./generated/tables";
import { elementBytesOf } from "./layout";
import { Model } from "./model";

/** Bytes to be set to zero, an u32 for each tensor; 0 once an instruction has named it. */
export function freshTable(model: Model, context: Context): usize {
  return context.values + (<usize> model.expressionsCount << 2);
}

function isFresh(where: u32): bool {
  return where == REGION_ARENA || where == REGION_OUTPUT;
}

/** Bytes of a tensor of rows in the run that has begun. */
export function presentBytes(context: Context, tensor: TensorRecord): u32 {
  let bytes = elementBytesOf(tensor.dtype);
  for (let axis: u32 = 0, rank = tensor.rank; axis < rank; axis++) {
    bytes *= <u32> context.value(tensor.extent(axis));
  }
  return bytes;
}

/** Marks the tensors of a run that begins. */
export function setFresh(model: Model, context: Context): void {
  const bytes = <usize> model.tensorsCount << 2;
  const table = freshTable(model, context);
  memory.copy(table, table + bytes, bytes);
}

/** Bytes that views reach, at the values of the expressions. */
export function measureFresh(model: Model, context: Context): void {
  const table = freshTable(model, context) + (<usize> model.tensorsCount << 2);
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const tensor = model.tensor(i);
    const bytes = isFresh(tensor.region) ? presentBytes(context, tensor) : 0;
    store<u32>(table + (<usize> i << 2), bytes);
  }
  // A view may reach beyond the present extents, never beyond the largest ones.
  for (let i: u32 = 0, n = model.viewsCount; i < n; i++) {
    const view = model.view(i);
    const index = view.tensor;
    const tensor = model.tensor(index);
    if (!isFresh(tensor.region)) continue;
    const at = table + (<usize> index << 2);
    store<u32>(
      at,
      max(load<u32>(at), viewEnd(context, view) * elementBytesOf(tensor.dtype)),
    );
  }
}

/** Elements from the start of the tensor to the end of the view. */
function viewEnd(context: Context, view: ViewRecord): u32 {
  const rank = view.rank;
  let rows: u32 = 1;
  for (let axis: u32 = 0; axis + 1 < rank; axis++) rows *= <u32> context.value(view.extent(axis));
  return <u32> context.value(view.offset) + (rows - 1) * <u32> context.value(view.rowStride) +
    <u32> context.value(view.extent(rank - 1));
}

/** Called with the first instruction that names a tensor, for its operand `j`. */
export function wake(
  model: Model,
  context: Context,
  instruction: InstructionRecord,
  j: u32,
  view: ViewRecord,
  bytes: u32,
): void {
  const index = view.tensor;
  const tensor = model.tensor(index);
  store<u32>(freshTable(model, context) + (<usize> index << 2), 0);
  const role = operandOf(descriptionOf(instruction.opcode), j).role;
  if (role == ROLE_OUT && isWhole(context, view, bytes / elementBytesOf(tensor.dtype))) return;
  const address = context.region(tensor.region) + <usize> model.info(index).offset;
  memory.fill(address, 0, bytes);
}

/** Whether a view has the elements from the first one on without gaps. */
function isWhole(context: Context, view: ViewRecord, elements: u32): bool {
  if (<u32> context.value(view.offset) != 0 || viewEnd(context, view) < elements) return false;
  const last = view.extent(view.rank - 1);
  return <u32> context.value(view.rowStride) == <u32> context.value(last) ||
    <u32> context.value(last) >= elements;
}
