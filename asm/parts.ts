// Cuts parts out of an instruction whose operands are resolved: a part has consecutive blocks of the
// product of the axes of a way (`src/instructions/split.ts`). Those of one part are a few boxes, in each
// of which the outer axes have one block, one axis some, and the inner ones all.
import { Context } from "./context";
import { Axis, Description } from "./description";
import {
  DIMENSION_ATTRIBUTE,
  DIMENSION_LEADING,
  DIMENSION_ONE_OR,
  DIMENSION_SUFFIX,
  DIMENSION_VARIABLE,
  LAYOUT_ROWS,
} from "./generated/format";
import { Operand } from "./generated/operand";
import { AXIS_ATTRIBUTE, LEADING, NO_VARIABLE, SUFFIX } from "./generated/tables";
import { panelBytes } from "./layout";

/** The way with the most blocks. */
export function wayOf(context: Context, description: Description): Axis {
  let best = description.firstAxis;
  let most: u32 = 0;
  const end = best.skip(description.axes);
  for (let way = best; changetype<usize>(way) < changetype<usize>(end); way = way.skip(way.left)) {
    const blocks = blocksOf(context, description, way);
    if (blocks > most) best = way, most = blocks;
  }
  return best;
}

/** Blocks of a way from one of its axes on: fewer than an operand has elements. */
export function blocksOf(context: Context, description: Description, axis: Axis): u32 {
  let blocks: u32 = 1;
  for (let left: u32 = axis.left; left > 0; left--, axis = axis.skip(1)) {
    blocks *= blocksAlong(context, description, axis);
  }
  return blocks;
}

function blocksAlong(context: Context, description: Description, axis: Axis): u32 {
  const block = blockOf(context, axis);
  return (extentOf(context, description, axis.extent) + block - 1) / block;
}

/** Elements of a block. */
function blockOf(context: Context, axis: Axis): u32 {
  const block: u32 = axis.block;
  return block < AXIS_ATTRIBUTE ? block : context.instruction.attribute(block - AXIS_ATTRIBUTE);
}

/** Rows of `*` or `~`, value of a variable or an attribute; 1 where no operand that is there has it. */
function extentOf(context: Context, description: Description, extent: u32): u32 {
  if (extent >= AXIS_ATTRIBUTE && extent < SUFFIX) {
    return context.instruction.attribute(extent - AXIS_ATTRIBUTE);
  }
  let operand = description.firstOperand;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++, operand = operand.next) {
    const target = context.instruction.operand(j);
    if (target.address == 0) continue;
    const dimensions: i32 = operand.dimensions;
    for (let d = 0; d < dimensions; d++) {
      const token = operand.dimension(d);
      const kind = token & 255;
      if (kind == DIMENSION_VARIABLE) {
        if (token >> 16 == extent) return target.extent(target.rank - dimensions + d);
      } else if (
        kind == DIMENSION_LEADING ? extent == LEADING : kind == DIMENSION_SUFFIX && extent == SUFFIX
      ) {
        return target.rows;
      }
    }
  }
  return 1;
}

/** Narrows the operands to the largest box that begins at block `at`; returns its blocks. */
export function cut(
  context: Context,
  description: Description,
  way: Axis,
  at: u32,
  end: u32,
): u32 {
  let axis = way;
  let rest = at;
  while (true) {
    // In one block of this axis.
    const size: u32 = axis.left == 1 ? 1 : blocksOf(context, description, axis.skip(1));
    const index = rest / size;
    rest %= size;
    if (rest == 0 && end - at >= size) {
      return narrow(context, description, axis, index, (end - at) / size) * size;
    }
    narrow(context, description, axis, index, 1);
    axis = axis.skip(1);
  }
}

/**
 * Narrows all operands to blocks of an axis: as many as there are, and as lie in one turn of what repeats
 * along it, or in whole ones. Returns how many.
 */
function narrow(
  context: Context,
  description: Description,
  axis: Axis,
  index: u32,
  blocks: u32,
): u32 {
  const code: u32 = axis.extent;
  const total = extentOf(context, description, code);
  const block = blockOf(context, axis);
  const from = index * block;
  let count = min(blocks * block, total - from);
  // What repeats has blocks of 1.
  const repeats: u32 = axis.repeats;
  const turn: u32 = repeats == NO_VARIABLE ? 1 : extentOf(context, description, repeats);
  const phase = from % turn;
  const inTurn = phase > 0 || count < turn;
  count = inTurn ? min(count, turn - phase) : count - count % turn;
  context.instruction.partStart = axis.left == 1 ? from : 0;
  if (code >= AXIS_ATTRIBUTE && code < SUFFIX) {
    context.instruction.setAttribute(code - AXIS_ATTRIBUTE, count);
  }
  let operand = description.firstOperand;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++, operand = operand.next) {
    const target = context.instruction.operand(j);
    if (target.address == 0) continue;
    const dimensions: i32 = operand.dimensions;
    for (let d = 0; d < dimensions; d++) {
      const token = operand.dimension(d);
      const kind = token & 255;
      const value = token >> 16;
      const dimension = target.rank - dimensions + d;
      if (kind == DIMENSION_LEADING) {
        if (code == LEADING) narrowRows(target, from, count);
      } else if (kind == DIMENSION_SUFFIX) {
        if (repeats == SUFFIX && inTurn) narrowRows(target, phase, count);
      } else if (kind == DIMENSION_ATTRIBUTE) {
        if (code == AXIS_ATTRIBUTE + value) narrowExtent(target, dimension, from, count);
      } else if (kind == DIMENSION_VARIABLE || kind == DIMENSION_ONE_OR) {
        if (value == repeats && inTurn) narrowExtent(target, dimension, phase, count);
        if (!((axis.variables >> value) & 1)) continue;
        const extent = <u64> target.extent(dimension);
        if (kind == DIMENSION_ONE_OR && extent != total) continue;
        narrowExtent(
          target,
          dimension,
          <u32> (from * extent / total),
          <u32> (count * extent / total),
        );
      }
    }
  }
  return (count + block - 1) / block;
}

/** Kernels of rows go by `rows` alone: the extents stay those of the whole. */
function narrowRows(target: Operand, from: u32, count: u32): void {
  target.address += <usize> from * target.stride;
  target.rows = count;
}

function narrowExtent(target: Operand, dimension: i32, from: u32, count: u32): void {
  const last = target.rank - 1;
  let inner: u32 = 1;
  for (let k = dimension + 1; k < last; k++) inner *= target.extent(k);
  let step = <usize> inner * target.stride;
  if (target.layout != LAYOUT_ROWS) {
    // Blocks of weights are panels.
    step = <usize> panelBytes(target.layout, target.columns) >> 3;
    target.rows = count;
  } else if (dimension == last) {
    step = target.elementBytes;
    target.columns = count;
  } else {
    const whole = inner * target.extent(dimension);
    target.address += <usize> from * step;
    // Between outer indices the whole extent is how far they are apart; kernels count by another operand.
    if (<u32> target.rows > whole) return;
    target.rows = inner * count;
    target.setExtent(dimension, count);
    return;
  }
  target.address += <usize> from * step;
  target.setExtent(dimension, count);
}
