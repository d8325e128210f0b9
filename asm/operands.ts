// The operands of an instruction as kernels see them.
import { Context } from "./context";
import { freshTable, wake } from "./fresh";
import { LIMIT_ATTRIBUTES, NONE } from "./generated/format";
import { HOLDS_HALVES, mayLeaveOut } from "./generated/held";
import { OPERAND_BYTES } from "./generated/operand";
import { InstructionRecord } from "./generated/records";
import { elementBytesOf } from "./layout";
import { Model } from "./model";

/**
 * Writes the operands and attributes of an instruction into a context block. Values of expressions
 * are i32 at `values + (index << shift)`. While planning there are no addresses: 64 means present.
 */
export function resolve(
  model: Model,
  context: Context,
  instruction: InstructionRecord,
  values: usize,
  shift: u32,
  planning: bool,
): void {
  for (let j: u32 = 0, n = instruction.operands; j < n; j++) {
    const to = context.instruction.operand(j);
    const index = model.operandView(instruction, j);
    if (index == NONE) {
      memory.fill(changetype<usize>(to), 0, OPERAND_BYTES);
      continue;
    }
    const view = model.view(index);
    const tensor = model.tensor(view.tensor);
    const dtype = tensor.dtype;
    const size = elementBytesOf(dtype);
    const dimensions = view.rank;
    let rows: u32 = 1;
    let last: u32 = 1;
    for (let axis: u32 = 0; axis < 4; axis++) {
      const value = axis < dimensions ? valueAt(values, shift, view.extent(axis)) : 1;
      to.setExtent(axis, value);
      if (axis + 1 < dimensions) rows *= value;
      if (axis + 1 == dimensions) last = value;
    }
    let at: usize = 64;
    if (!planning) {
      const fresh = load<u32>(freshTable(model, context) + (<usize> view.tensor << 2));
      if (fresh > 0) wake(model, context, instruction, j, view, fresh);
      at = context.region(tensor.region) +
        <usize> model.info(view.tensor).offset +
        <usize> valueAt(values, shift, view.offset) * size;
    }
    to.address = at;
    to.dtype = dtype;
    to.rank = dimensions;
    to.rows = rows;
    to.columns = last;
    to.stride = valueAt(values, shift, view.rowStride) * size;
    to.layout = tensor.layout;
    to.elementBytes = size;
  }
  // What is left out is 0.
  if (HOLDS_HALVES && mayLeaveOut(instruction.opcode)) {
    if (instruction.attributes < LIMIT_ATTRIBUTES) {
      context.instruction.setAttribute(instruction.attributes, 0);
    }
  }
  for (let j: u32 = 0, n = instruction.attributes; j < n; j++) {
    const value = model.attribute(instruction, j);
    context.instruction.setAttribute(j, value);
  }
}

function valueAt(values: usize, shift: u32, expression: u32): u32 {
  return load<u32>(values + (<usize> expression << shift));
}
