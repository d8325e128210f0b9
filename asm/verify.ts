// The verifier, as `src/program/verify.ts`: the same checks in the same order, so that both give the
// same verdict on every file. Functions return a verdict, 0 where all is well.
import { equals, expressionRanges, isLoadTime } from "./expression";
import {
  CHECK_NONE,
  CHECK_OFFSETS,
  CHECK_PAST,
  DTYPE_I32,
  ENCODING_BASE3,
  ENCODING_ZERO,
  LAYOUT_ROWS,
  NONE,
  REGION_CONSTANT,
  REGION_INPUT,
  REGION_PARAMETER,
  REGION_STATE,
  SYMBOL_LOAD,
  VERDICT_BAD_ARGUMENT,
  VERDICT_BAD_EXPRESSION,
  VERDICT_BAD_NAME,
  VERDICT_BAD_SYMBOL,
  VERDICT_BAD_TENSOR,
  VERDICT_BAD_VIEW,
  VERDICT_OUT_OF_BOUNDS,
  VERDICT_TOO_MUCH_MEMORY,
} from "./generated/format";
import { HOLDS_HALVES, isTraining } from "./generated/held";
import { TensorRecord, ViewRecord } from "./generated/records";
import { verifyInstruction } from "./instruction";
import { Panels, planBytes } from "./layout";
import { Model } from "./model";
import { times } from "./saturating";
import { addName, clearNames, isNamed, isUnnamed, sameName } from "./names";

const MAX_VALUE: i64 = 2147483647;

/** Everything up to the instructions; `checkEntries` and the planner follow. */
export function verifyTables(model: Model): i32 {
  let status = checkExpressions(model);
  if (status == 0) status = checkSymbols(model);
  if (status == 0) status = symbolRanges(model);
  if (status == 0) status = expressionRanges(model);
  if (status == 0) status = checkTensors(model);
  for (let i: u32 = 0, n = model.viewsCount; status == 0 && i < n; i++) {
    status = checkView(model, model.view(i));
  }
  if (HOLDS_HALVES) {
    model.trains = 0;
    for (let i: u32 = 0, n = model.instructionsCount; i < n; i++) {
      if (isTraining(model.instruction(i).opcode)) model.trains = 1;
    }
  }
  for (let i: u32 = 0, n = model.instructionsCount; status == 0 && i < n; i++) {
    status = verifyInstruction(model, i);
  }
  return status;
}

function checkExpressions(model: Model): i32 {
  for (let i: u32 = 0, n = model.expressionsCount; i < n; i++) {
    const expression = model.expression(i);
    for (let j: u32 = 0, m = expression.terms; j < m; j++) {
      if (expression.symbol(j) >= model.symbolsCount) return VERDICT_BAD_EXPRESSION;
    }
    const by = expression.modulus;
    if (by == NONE) continue;
    if (by >= i || model.expression(by).modulus != NONE || !isLoadTime(model, by)) {
      return VERDICT_BAD_EXPRESSION;
    }
  }
  return 0;
}

function checkSymbols(model: Model): i32 {
  for (let i: u32 = 0, n = model.symbolsCount; i < n; i++) {
    const symbol = model.symbol(i);
    if (isUnnamed(symbol)) return VERDICT_BAD_NAME;
    for (let j: u32 = 0; j < i; j++) {
      if (sameName(model, symbol, model.symbol(j))) return VERDICT_BAD_NAME;
    }
    const most = symbol.most;
    if (
      most >= model.expressionsCount || symbol.least > <u32> MAX_VALUE ||
      symbol.initial > <u32> MAX_VALUE
    ) return VERDICT_BAD_SYMBOL;
    const expression = model.expression(most);
    if (expression.modulus != NONE) return VERDICT_BAD_SYMBOL;
    if (symbol.kind == SYMBOL_LOAD ? expression.terms != 0 : !isLoadTime(model, most)) {
      return VERDICT_BAD_SYMBOL;
    }
  }
  return 0;
}

/** Sets the range of every symbol from the values of the load-time ones. */
function symbolRanges(model: Model): i32 {
  for (let i: u32 = 0, n = model.symbolsCount; i < n; i++) {
    const symbol = model.symbol(i);
    const expression = model.expression(symbol.most);
    const least = <i32> symbol.least;
    // Three terms of at most 2^62: a sum that wraps is none that is accepted.
    let most = <i64> expression.constant;
    for (let j: u32 = 0, m = expression.terms; j < m; j++) {
      const other = model.symbolValue(expression.symbol(j));
      most += <i64> expression.coefficient(j) * <i64> other.value;
    }
    if (most < <i64> least || most > MAX_VALUE) return VERDICT_BAD_SYMBOL;
    const range = model.symbolValue(i);
    const value = range.value;
    if (symbol.kind == SYMBOL_LOAD) {
      if (value < least || value > <i32> most) return VERDICT_BAD_ARGUMENT;
      range.min = value;
      range.max = value;
    } else {
      // A default beyond a smaller load-time bound is not an error: runs give their own values.
      range.value = max(least, min(value, <i32> most));
      range.min = least;
      range.max = <i32> most;
    }
  }
  return 0;
}

function checkTensors(model: Model): i32 {
  clearNames(model);
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const tensor = model.tensor(i);
    if (isNamed(tensor) && (isUnnamed(tensor) || addName(model, tensor, i))) {
      return VERDICT_BAD_NAME;
    }
    const where = tensor.region;
    const stored = where == REGION_CONSTANT || where == REGION_PARAMETER || where == REGION_STATE;
    const how = tensor.encoding;
    const rank = tensor.rank;
    for (let j: u32 = 0; j < rank; j++) {
      const extent = tensor.extent(j);
      if (extent >= model.expressionsCount || model.range(extent).min < 1) {
        return VERDICT_BAD_TENSOR;
      }
      if (stored && how != ENCODING_ZERO && model.expression(extent).terms > 0) {
        return VERDICT_BAD_TENSOR;
      }
      if (stored && !isLoadTime(model, extent)) return VERDICT_BAD_TENSOR;
    }
    if (how == ENCODING_ZERO && where != REGION_PARAMETER && where != REGION_STATE) {
      return VERDICT_BAD_TENSOR;
    }
    const panels = Panels.of(tensor.layout);
    if ((how == ENCODING_BASE3) != panels.base3) return VERDICT_BAD_TENSOR;
    if (panels.columns != 0) {
      if (tensor.dtype != panels.dtype || rank != 2) return VERDICT_BAD_TENSOR;
      if (where != REGION_CONSTANT && where != REGION_PARAMETER) return VERDICT_BAD_TENSOR;
      if (panels.constantOnly && where != REGION_CONSTANT) return VERDICT_BAD_TENSOR;
    }
    const bytes = planBytes(model, tensor);
    if (bytes > <u64> MAX_VALUE) return VERDICT_TOO_MUCH_MEMORY;
    const info = model.info(i);
    info.bytes = <u32> bytes;
    info.limit = NONE;
    if (tensor.check != CHECK_NONE && !isCheckable(model, tensor)) return VERDICT_BAD_TENSOR;
  }
  return 0;
}

function isCheckable(model: Model, tensor: TensorRecord): bool {
  if (tensor.region != REGION_INPUT || tensor.dtype != DTYPE_I32) return false;
  if (tensor.rank != 1 || tensor.limit >= model.expressionsCount) return false;
  if (tensor.check != CHECK_PAST) return true;
  if (tensor.offsets >= model.tensorsCount) return false;
  const other = model.tensor(tensor.offsets);
  if (other.region != REGION_INPUT || other.check != CHECK_OFFSETS || other.rank != 1) {
    return false;
  }
  // It may come later in the file, where nothing has been checked yet.
  if (other.extent(0) >= model.expressionsCount) return false;
  return equals(model, other.extent(0), tensor.extent(0), 1);
}

function checkView(model: Model, view: ViewRecord): i32 {
  const expressions = model.expressionsCount;
  const offset = view.offset;
  const rowStride = view.rowStride;
  const rank = view.rank;
  if (view.tensor >= model.tensorsCount) return VERDICT_BAD_VIEW;
  if (offset >= expressions || rowStride >= expressions) return VERDICT_BAD_VIEW;
  for (let j: u32 = 0; j < rank; j++) {
    const extent = view.extent(j);
    if (extent >= expressions || model.range(extent).min < 1) return VERDICT_BAD_VIEW;
  }
  const tensor = model.tensor(view.tensor);
  if (tensor.layout != LAYOUT_ROWS) {
    const whole = model.range(offset).max == 0 && rank == 2 &&
      equals(model, view.extent(0), tensor.extent(0)) &&
      equals(model, view.extent(1), tensor.extent(1));
    return whole ? 0 : VERDICT_BAD_VIEW;
  }
  const last = view.extent(rank - 1);
  const columns = model.range(last).max;
  if (!equals(model, rowStride, last) && model.range(rowStride).min < columns) {
    return VERDICT_BAD_VIEW;
  }
  let rows: u64 = 1;
  for (let j: u32 = 0; j < rank - 1; j++) rows = times(rows, model.range(view.extent(j)).max);
  let elements: u64 = 1;
  for (let j: u32 = 0, n = tensor.rank; j < n; j++) {
    elements = times(elements, model.range(tensor.extent(j)).max);
  }
  const end = <u64> model.range(offset).max + times(rows - 1, model.range(rowStride).max) +
    <u64> columns;
  return rows > <u64> MAX_VALUE || end > elements ? VERDICT_OUT_OF_BOUNDS : 0;
}
