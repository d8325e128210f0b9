// Cuts parts out of an instruction whose operands are resolved: a part has consecutive blocks of the
// product of the axes of a way (`src/instructions/split.ts`). Those of one part are a few boxes, in each
// of which the outer axes have one block, one axis some, and the inner ones all.
import { Context } from "./context";
import { Axis, Description, kindOf } from "./description";
import { DIMENSION_CONSTANT, DIMENSION_LEADING, DIMENSION_SUFFIX } from "./generated/format";
import { Operand } from "./generated/operand";
import { CODE_ATTRIBUTE, CODE_NONE, CODE_NUMBER, CODE_SUFFIX, KIND_BITS } from "./generated/tables";
import { Panels } from "./layout";

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

/** Blocks of a way from one of its axes on: no more than an operand has elements. */
export function blocksOf(context: Context, description: Description, axis: Axis): u32 {
  let blocks: u32 = 1;
  for (let left: u32 = axis.left; left > 0; left--, axis = axis.skip(1)) {
    blocks *= blocksAlong(context, description, axis);
  }
  return blocks;
}

export function blocksAlong(context: Context, description: Description, axis: Axis): u32 {
  const block = blockOf(context, axis);
  return (extentOf(context, description, axis.extent) + block - 1) / block;
}

/** Elements of a block. */
function blockOf(context: Context, axis: Axis): u32 {
  const block: u32 = axis.block;
  return block >= CODE_NUMBER
    ? block - CODE_NUMBER
    : context.instruction.attribute(block - CODE_ATTRIBUTE);
}

/** What axes call a dimension of an operand. */
// @ts-ignore: decorator
@inline
export function codeOf(token: u32): u32 {
  return kindOf(token) == DIMENSION_CONSTANT ? CODE_NONE : token >> KIND_BITS;
}

/** Whether it stands for some leading extents: rows. */
// @ts-ignore: decorator
@inline
function isRows(token: u32): bool {
  const kind = kindOf(token);
  return kind == DIMENSION_LEADING || kind == DIMENSION_SUFFIX;
}

// @ts-ignore: decorator
@inline
function isAttribute(code: u32): bool {
  return code >= CODE_ATTRIBUTE && code < CODE_SUFFIX;
}

/** Rows, value of a variable or an attribute; 1 where no operand that is there has it. */
function extentOf(context: Context, description: Description, code: u32): u32 {
  if (code == CODE_NONE) return 1;
  if (isAttribute(code)) return context.instruction.attribute(code - CODE_ATTRIBUTE);
  let operand = description.firstOperand;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++, operand = operand.next) {
    const target = context.instruction.operand(j);
    if (target.address == 0) continue;
    const dimensions: i32 = operand.dimensions;
    for (let d = 0; d < dimensions; d++) {
      const token = operand.dimension(d);
      if (codeOf(token) == code) {
        return isRows(token) ? target.rows : target.extent(target.rank - dimensions + d);
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
  const repeats = axis.repeats;
  const turn = extentOf(context, description, repeats);
  const phase = from % turn;
  const inTurn = phase > 0 || count < turn;
  count = inTurn ? min(count, turn - phase) : count - count % turn;
  context.instruction.partStart = axis.left == 1 ? from : 0;
  if (isAttribute(code)) context.instruction.setAttribute(code - CODE_ATTRIBUTE, count);
  let operand = description.firstOperand;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++, operand = operand.next) {
    const target = context.instruction.operand(j);
    if (target.address == 0) continue;
    const dimensions: i32 = operand.dimensions;
    for (let d = 0; d < dimensions; d++) {
      const token = operand.dimension(d);
      const own = codeOf(token);
      const dimension = isRows(token) ? -1 : target.rank - dimensions + d;
      if (own == repeats) {
        if (inTurn) narrowTo(target, dimension, phase, count);
      } else if (own == code || axis.cuts(own)) {
        const extent = <u64> (dimension < 0 ? total : target.extent(dimension));
        const share = <u32> (extent * count / total);
        // One element instead of many is for all of them.
        if (share > 0) narrowTo(target, dimension, <u32> (extent * from / total), share);
      }
    }
  }
  return (count + block - 1) / block;
}

/** Narrows an operand along one of its dimensions, or its rows (−1). */
function narrowTo(target: Operand, dimension: i32, from: u32, count: u32): void {
  const last = target.rank - 1;
  const panels = Panels.of(target.layout);
  let step = target.stride;
  if (dimension < 0) {
    // Kernels of rows go by `rows` alone: the extents stay those of the whole.
    target.rows = count;
  } else if (panels.columns > 0) {
    // Blocks of 8, of which each is a panel.
    const columns: u32 = panels.columns;
    step = <usize> ((target.columns + columns - 1) / columns) * panels.blockBytes >> 3;
    target.rows = count;
    target.extent0 = count;
  } else if (dimension == last) {
    step = target.elementBytes;
    target.columns = count;
    target.setExtent(dimension, count);
  } else {
    let inner: u32 = 1;
    for (let k = dimension + 1; k < last; k++) inner *= target.extent(k);
    step *= inner;
    // Inside outer extents the whole one is how far they are apart; kernels count by another operand.
    if (<u32> target.rows == inner * target.extent(dimension)) {
      target.rows = inner * count;
      target.setExtent(dimension, count);
    }
  }
  target.address += <usize> from * step;
}
