// The verifier, as `src/program/verify.ts`: the same checks in the same order, so that both give the
// same verdict on every file. Functions return a verdict, 0 where all is well.
import { equals, expressionRanges, isLoadTime } from "./expression";
import {
  CHECK_NONE,
  CHECK_OFFSETS,
  CHECK_PAST,
  DTYPE_F32,
  DTYPE_I32,
  DTYPE_I8,
  ENCODING_BASE3,
  ENCODING_ZERO,
  LAYOUT_PANEL_8,
  LAYOUT_PANEL_8X16_T2,
  LAYOUT_PANEL_8X4_U7,
  LAYOUT_ROWS,
  NONE,
  REGION_CONSTANT,
  REGION_INPUT,
  REGION_PARAMETER,
  REGION_STATE,
  VERDICT_BAD_ARGUMENT,
  VERDICT_BAD_EXPRESSION,
  VERDICT_BAD_NAME,
  VERDICT_BAD_SYMBOL,
  VERDICT_BAD_TENSOR,
  VERDICT_BAD_VIEW,
  VERDICT_OUT_OF_BOUNDS,
  VERDICT_TOO_MUCH_MEMORY,
} from "./generated/format";
import { planBytes } from "./layout";
import { verifyInstruction } from "./instruction";
import {
  check,
  checkLimit,
  checkOffsets,
  coefficient,
  count,
  encoding,
  expressionRecord,
  EXPRESSIONS,
  INFO_BYTES,
  INFO_LIMIT,
  INSTRUCTIONS,
  modulus,
  rangeMax,
  rangeMin,
  region,
  symbolIsLoad,
  symbolRecord,
  SYMBOLS,
  symbolValue,
  tensorDtype,
  tensorExtent,
  tensorInfo,
  tensorLayout,
  tensorRank,
  tensorRecord,
  TENSORS,
  terms,
  termSymbol,
  viewExtent,
  viewOffset,
  viewRank,
  viewRecord,
  viewRowStride,
  VIEWS,
  viewTensor,
  word,
  WORK,
} from "./model";
import { addName, clearNames, isNamed, isUnnamed, sameName } from "./names";

const MAX_VALUE: f64 = 2147483647;

/** Everything up to the instructions; `checkEntries` and the planner follow. */
export function verifyTables(model: usize): i32 {
  let status = checkExpressions(model);
  if (status == 0) status = checkSymbols(model);
  if (status == 0) status = symbolRanges(model);
  if (status == 0) status = expressionRanges(model);
  if (status == 0) status = checkTensors(model);
  for (let i: u32 = 0, n = count(model, VIEWS); status == 0 && i < n; i++) {
    status = checkView(model, viewRecord(model, i));
  }
  const work = <usize> word(model, WORK);
  for (let i: u32 = 0, n = count(model, INSTRUCTIONS); status == 0 && i < n; i++) {
    status = verifyInstruction(model, i, work + (<usize> i << 3));
  }
  return status;
}

function checkExpressions(model: usize): i32 {
  for (let i: u32 = 0, n = count(model, EXPRESSIONS); i < n; i++) {
    const expression = expressionRecord(model, i);
    for (let j: u32 = 0, m = terms(expression); j < m; j++) {
      if (termSymbol(expression, j) >= count(model, SYMBOLS)) return VERDICT_BAD_EXPRESSION;
    }
    const by = modulus(expression);
    if (by == NONE) continue;
    if (by >= i || modulus(expressionRecord(model, by)) != NONE || !isLoadTime(model, by)) {
      return VERDICT_BAD_EXPRESSION;
    }
  }
  return 0;
}

function checkSymbols(model: usize): i32 {
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++) {
    const symbol = symbolRecord(model, i);
    if (isUnnamed(symbol)) return VERDICT_BAD_NAME;
    for (let j: u32 = 0; j < i; j++) {
      if (sameName(model, symbol, symbolRecord(model, j))) return VERDICT_BAD_NAME;
    }
    const most = load<u32>(symbol, 16);
    if (
      most >= count(model, EXPRESSIONS) || load<u32>(symbol, 12) > <u32> MAX_VALUE ||
      load<u32>(symbol, 20) > <u32> MAX_VALUE
    ) return VERDICT_BAD_SYMBOL;
    const expression = expressionRecord(model, most);
    if (modulus(expression) != NONE) return VERDICT_BAD_SYMBOL;
    if (symbolIsLoad(symbol) ? terms(expression) != 0 : !isLoadTime(model, most)) {
      return VERDICT_BAD_SYMBOL;
    }
  }
  return 0;
}

/** Sets the range of every symbol from the values of the load-time ones. */
function symbolRanges(model: usize): i32 {
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++) {
    const symbol = symbolRecord(model, i);
    const expression = expressionRecord(model, load<u32>(symbol, 16));
    const least = load<i32>(symbol, 12);
    let most = <f64> load<i32>(expression);
    for (let j: u32 = 0, m = terms(expression); j < m; j++) {
      const other = symbolValue(model, termSymbol(expression, j));
      most += <f64> coefficient(expression, j) * <f64> load<i32>(other);
    }
    if (most < <f64> least || most > MAX_VALUE) return VERDICT_BAD_SYMBOL;
    const entry = symbolValue(model, i);
    const value = load<i32>(entry);
    if (symbolIsLoad(symbol)) {
      if (value < least || value > <i32> most) return VERDICT_BAD_ARGUMENT;
      store<i32>(entry, value, 4);
      store<i32>(entry, value, 8);
    } else {
      // A default beyond a smaller load-time bound is not an error: runs give their own values.
      store<i32>(entry, max(least, min(value, <i32> most)));
      store<i32>(entry, least, 4);
      store<i32>(entry, <i32> most, 8);
    }
  }
  return 0;
}

function checkTensors(model: usize): i32 {
  clearNames(model);
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
    const tensor = tensorRecord(model, i);
    if (isNamed(tensor) && (isUnnamed(tensor) || addName(model, tensor, i))) {
      return VERDICT_BAD_NAME;
    }
    const where = region(tensor);
    const stored = where == REGION_CONSTANT || where == REGION_PARAMETER || where == REGION_STATE;
    const how = encoding(tensor);
    const rank = tensorRank(tensor);
    for (let j: u32 = 0; j < rank; j++) {
      const extent = tensorExtent(tensor, j);
      if (extent >= count(model, EXPRESSIONS) || rangeMin(model, extent) < 1) {
        return VERDICT_BAD_TENSOR;
      }
      if (stored && how != ENCODING_ZERO && terms(expressionRecord(model, extent)) > 0) {
        return VERDICT_BAD_TENSOR;
      }
      if (stored && !isLoadTime(model, extent)) return VERDICT_BAD_TENSOR;
    }
    if (how == ENCODING_ZERO && where != REGION_PARAMETER && where != REGION_STATE) {
      return VERDICT_BAD_TENSOR;
    }
    const layout = tensorLayout(tensor);
    if ((how == ENCODING_BASE3) != (layout == LAYOUT_PANEL_8X16_T2)) return VERDICT_BAD_TENSOR;
    if (layout != LAYOUT_ROWS) {
      const wanted = layout == LAYOUT_PANEL_8 ? DTYPE_F32 : DTYPE_I8;
      if (tensorDtype(tensor) != wanted || rank != 2) return VERDICT_BAD_TENSOR;
      if (where != REGION_CONSTANT && where != REGION_PARAMETER) return VERDICT_BAD_TENSOR;
      // Their values are checked once.
      const checked = layout == LAYOUT_PANEL_8X4_U7 || layout == LAYOUT_PANEL_8X16_T2;
      if (checked && where != REGION_CONSTANT) return VERDICT_BAD_TENSOR;
    }
    const bytes = planBytes(model, tensor);
    if (bytes > MAX_VALUE) return VERDICT_TOO_MUCH_MEMORY;
    const info = tensorInfo(model, i);
    store<u32>(info, <u32> bytes, INFO_BYTES);
    store<u32>(info, NONE, INFO_LIMIT);
    if (check(tensor) != CHECK_NONE && !isCheckable(model, tensor)) return VERDICT_BAD_TENSOR;
  }
  return 0;
}

function isCheckable(model: usize, tensor: usize): bool {
  if (region(tensor) != REGION_INPUT || tensorDtype(tensor) != DTYPE_I32) return false;
  if (tensorRank(tensor) != 1 || checkLimit(tensor) >= count(model, EXPRESSIONS)) return false;
  if (check(tensor) != CHECK_PAST) return true;
  if (checkOffsets(tensor) >= count(model, TENSORS)) return false;
  const other = tensorRecord(model, checkOffsets(tensor));
  if (region(other) != REGION_INPUT || check(other) != CHECK_OFFSETS || tensorRank(other) != 1) {
    return false;
  }
  // It may come later in the file, where nothing has been checked yet.
  if (tensorExtent(other, 0) >= count(model, EXPRESSIONS)) return false;
  return equals(model, tensorExtent(other, 0), tensorExtent(tensor, 0), 1);
}

function checkView(model: usize, view: usize): i32 {
  const expressions = count(model, EXPRESSIONS);
  const offset = viewOffset(view);
  const rowStride = viewRowStride(view);
  const rank = viewRank(view);
  if (viewTensor(view) >= count(model, TENSORS)) return VERDICT_BAD_VIEW;
  if (offset >= expressions || rowStride >= expressions) return VERDICT_BAD_VIEW;
  for (let j: u32 = 0; j < rank; j++) {
    const extent = viewExtent(view, j);
    if (extent >= expressions || rangeMin(model, extent) < 1) return VERDICT_BAD_VIEW;
  }
  const tensor = tensorRecord(model, viewTensor(view));
  if (tensorLayout(tensor) != LAYOUT_ROWS) {
    const whole = rangeMax(model, offset) == 0 && rank == 2 &&
      equals(model, viewExtent(view, 0), tensorExtent(tensor, 0)) &&
      equals(model, viewExtent(view, 1), tensorExtent(tensor, 1));
    return whole ? 0 : VERDICT_BAD_VIEW;
  }
  const last = viewExtent(view, rank - 1);
  const columns = rangeMax(model, last);
  if (!equals(model, rowStride, last) && rangeMin(model, rowStride) < columns) {
    return VERDICT_BAD_VIEW;
  }
  let rows: f64 = 1;
  for (let j: u32 = 0; j < rank - 1; j++) rows *= <f64> rangeMax(model, viewExtent(view, j));
  let elements: f64 = 1;
  for (let j: u32 = 0, n = tensorRank(tensor); j < n; j++) {
    elements *= <f64> rangeMax(model, tensorExtent(tensor, j));
  }
  const end = <f64> rangeMax(model, offset) + (rows - 1) * <f64> rangeMax(model, rowStride) +
    <f64> columns;
  return rows > MAX_VALUE || end > elements ? VERDICT_OUT_OF_BOUNDS : 0;
}
