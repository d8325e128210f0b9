// A loaded program: one struct of MODEL_BYTES, the head of the file as it is (read in place), then
// tables. Everything is addressed by u32 words of the struct; there are no module globals.
//
//   model                       struct
//   model + MODEL_BYTES         head of the file, written by the host
//   tables                      checksum table, workspace, symbols, ranges, tensors, work, temporary
//   table, staging buffer       where there are ternary weights (trits.ts)
//   segments                    constants, initial bytes of parameters, of state (256-aligned)
//   model_end
import {
  LIMIT_EXPRESSIONS,
  LIMIT_INSTRUCTIONS,
  LIMIT_SYMBOLS,
  LIMIT_TENSORS,
  RECORD_ENTRIES,
  RECORD_EXPRESSIONS,
  RECORD_INSTRUCTIONS,
  RECORD_SYMBOLS,
  RECORD_TENSORS,
  RECORD_VIEWS,
} from "./generated/format";

export const MODEL_BYTES: usize = 256;

// How far loading has come.
export const NOT_LOADED: u32 = 0;
export const LOADED: u32 = 0x46574201;
export const PLANNED: u32 = 0x46574202;
export const READY: u32 = 0x46574203;

// Words of the struct.
export const STAGE: usize = 0;
export const HEAD_BYTES: usize = 4;
export const NAMES: usize = 8; // address, bytes
export const SYMBOLS: usize = 16; // address, count; so for all that follow
export const EXPRESSIONS: usize = 24;
export const TENSORS: usize = 32;
export const VIEWS: usize = 40;
export const OPERANDS: usize = 48;
export const ATTRIBUTES: usize = 56;
export const INSTRUCTIONS: usize = 64;
export const ENTRIES: usize = 72;
export const SEGMENTS: usize = 80;
export const COUNT: usize = 4; // added to one of the above

export const CHECKSUM_TABLE: usize = 88;
export const WORKSPACE: usize = 92;
export const SYMBOL_VALUES: usize = 96;
export const RANGES: usize = 100;
export const TENSOR_INFO: usize = 104;
export const WORK: usize = 108;
export const TEMPORARY: usize = 112;
export const TABLES_END: usize = 116;
export const SCRATCH_BYTES: usize = 120;
export const CHECKED_INPUTS: usize = 124;
export const REGION_BYTES: usize = 128; // 6 words: bytes of each region with its guard
export const SEGMENT_ADDRESS: usize = 152; // 3 words
export const MODEL_END: usize = 164;
export const INSTANCE_BYTES: usize = 168;
export const REGION_OFFSET: usize = 172; // 7 words: regions 0…5 and scratch, in an instance

// How far the trits have come.
export const TRITS_TABLE: usize = 200; // address; 0 where there are none
export const TRITS_PUSHED: usize = 204; // bytes
export const TRITS_CRC: usize = 208; // of those bytes
export const TRITS_TENSOR: usize = 212; // tensor, row, column of the next group
export const TRITS_ROW: usize = 216;
export const TRITS_COLUMN: usize = 220;
export const TRITS_CODES: usize = 224; // u64: codes that are in no group yet, the first one lowest
export const TRITS_HELD: usize = 232; // how many
export const TRITS_BAD: usize = 236; // whether a byte was not five trits

export const GENERATION: usize = 240; // how often a model was loaded here

// Bytes of a record of the tables.
export const CHECKSUM_TABLE_BYTES: u32 = 8 * 256 * 4;
/** A context block (to plan scratch memory) and the variables of a description. */
export const WORKSPACE_BYTES: u32 = 2048;
/** value, min, max, zero. */
export const SYMBOL_VALUE: u32 = 16;
/** min, max. */
export const RANGE: u32 = 8;
/** bytes, limit of an index constant, u64 offset, first, last instruction, u64 entries. */
export const TENSOR_RECORD: u32 = 40;
export const INFO_BYTES: usize = 0;
export const INFO_LIMIT: usize = 4;
export const INFO_OFFSET: usize = 8;
export const INFO_FIRST: usize = 16;
export const INFO_LAST: usize = 20;
export const INFO_ENTRIES: usize = 24;
/** Names' hash table, then the order of the arena: words for one tensor. */
export const TEMPORARY_WORDS: u32 = 4;

// @ts-ignore: decorator
@inline
export function word(model: usize, offset: usize): u32 {
  return load<u32>(model + offset);
}

// @ts-ignore: decorator
@inline
export function count(model: usize, table: usize): u32 {
  return load<u32>(model + table + COUNT);
}

// @ts-ignore: decorator
@inline
export function symbolRecord(model: usize, index: u32): usize {
  return <usize> word(model, SYMBOLS) + <usize> index * RECORD_SYMBOLS;
}

// @ts-ignore: decorator
@inline
export function expressionRecord(model: usize, index: u32): usize {
  return <usize> word(model, EXPRESSIONS) + <usize> index * RECORD_EXPRESSIONS;
}

// @ts-ignore: decorator
@inline
export function tensorRecord(model: usize, index: u32): usize {
  return <usize> word(model, TENSORS) + <usize> index * RECORD_TENSORS;
}

// @ts-ignore: decorator
@inline
export function viewRecord(model: usize, index: u32): usize {
  return <usize> word(model, VIEWS) + <usize> index * RECORD_VIEWS;
}

// @ts-ignore: decorator
@inline
export function instructionRecord(model: usize, index: u32): usize {
  return <usize> word(model, INSTRUCTIONS) + <usize> index * RECORD_INSTRUCTIONS;
}

// @ts-ignore: decorator
@inline
export function entryRecord(model: usize, index: u32): usize {
  return <usize> word(model, ENTRIES) + <usize> index * RECORD_ENTRIES;
}

// @ts-ignore: decorator
@inline
export function tensorInfo(model: usize, index: u32): usize {
  return <usize> word(model, TENSOR_INFO) + <usize> index * TENSOR_RECORD;
}

// @ts-ignore: decorator
@inline
export function symbolValue(model: usize, index: u32): usize {
  return <usize> word(model, SYMBOL_VALUES) + <usize> index * SYMBOL_VALUE;
}

// Fields of the records of the file.

// @ts-ignore: decorator
@inline
export function symbolIsLoad(symbol: usize): bool {
  return load<u32>(symbol, 8) == 0;
}

// @ts-ignore: decorator
@inline
export function terms(expression: usize): u32 {
  return load<u32>(expression, 4);
}

// @ts-ignore: decorator
@inline
export function coefficient(expression: usize, term: u32): i32 {
  return load<i32>(expression + (<usize> term << 3), 8);
}

// @ts-ignore: decorator
@inline
export function termSymbol(expression: usize, term: u32): u32 {
  return load<u32>(expression + (<usize> term << 3), 12);
}

// @ts-ignore: decorator
@inline
export function modulus(expression: usize): u32 {
  return load<u32>(expression, 32);
}

// @ts-ignore: decorator
@inline
export function region(tensor: usize): u32 {
  return load<u32>(tensor, 8);
}

// @ts-ignore: decorator
@inline
export function tensorDtype(tensor: usize): u32 {
  return load<u32>(tensor, 12);
}

// @ts-ignore: decorator
@inline
export function tensorLayout(tensor: usize): u32 {
  return load<u32>(tensor, 16);
}

// @ts-ignore: decorator
@inline
export function tensorRank(tensor: usize): u32 {
  return load<u32>(tensor, 20);
}

// @ts-ignore: decorator
@inline
export function tensorExtent(tensor: usize, axis: u32): u32 {
  return load<u32>(tensor + (<usize> axis << 2), 24);
}

// @ts-ignore: decorator
@inline
export function encoding(tensor: usize): u32 {
  return load<u32>(tensor, 40);
}

// @ts-ignore: decorator
@inline
export function check(tensor: usize): u32 {
  return load<u32>(tensor, 44);
}

// @ts-ignore: decorator
@inline
export function checkLimit(tensor: usize): u32 {
  return load<u32>(tensor, 48);
}

// @ts-ignore: decorator
@inline
export function checkOffsets(tensor: usize): u32 {
  return load<u32>(tensor, 52);
}

// @ts-ignore: decorator
@inline
export function viewTensor(view: usize): u32 {
  return load<u32>(view);
}

// @ts-ignore: decorator
@inline
export function viewOffset(view: usize): u32 {
  return load<u32>(view, 4);
}

// @ts-ignore: decorator
@inline
export function viewRank(view: usize): u32 {
  return load<u32>(view, 8);
}

// @ts-ignore: decorator
@inline
export function viewExtent(view: usize, axis: u32): u32 {
  return load<u32>(view + (<usize> axis << 2), 12);
}

// @ts-ignore: decorator
@inline
export function viewRowStride(view: usize): u32 {
  return load<u32>(view, 28);
}

// @ts-ignore: decorator
@inline
export function opcode(instruction: usize): u32 {
  return load<u32>(instruction);
}

/** View that is operand `j` of an instruction; NONE for an absent one. */
// @ts-ignore: decorator
@inline
export function operandView(model: usize, instruction: usize, j: u32): u32 {
  return load<u32>(<usize> word(model, OPERANDS) + (<usize> (load<u32>(instruction, 4) + j) << 2));
}

// @ts-ignore: decorator
@inline
export function instructionAttribute(model: usize, instruction: usize, j: u32): i32 {
  return load<i32>(
    <usize> word(model, ATTRIBUTES) + (<usize> (load<u32>(instruction, 12) + j) << 2),
  );
}

// @ts-ignore: decorator
@inline
export function rangeMin(model: usize, expression: u32): i32 {
  return load<i32>(<usize> word(model, RANGES) + (<usize> expression << 3));
}

// @ts-ignore: decorator
@inline
export function rangeMax(model: usize, expression: u32): i32 {
  return load<i32>(<usize> word(model, RANGES) + (<usize> expression << 3), 4);
}

/** Bytes that `model_load` and `model_plan` need for a head of that many bytes. */
export function modelBytes(headBytes: u32): u64 {
  const head = <u64> headBytes;
  return tablesEnd(
    0,
    headBytes,
    LIMIT_SYMBOLS,
    <u32> min<u64>(LIMIT_EXPRESSIONS, head / RECORD_EXPRESSIONS),
    <u32> min<u64>(LIMIT_TENSORS, head / RECORD_TENSORS),
    <u32> min<u64>(LIMIT_INSTRUCTIONS, head / RECORD_INSTRUCTIONS),
  );
}

/** Lays out the tables of a model whose counts are known. */
export function layOutTables(model: usize): void {
  tablesEnd(
    model,
    word(model, HEAD_BYTES),
    LIMIT_SYMBOLS,
    count(model, EXPRESSIONS),
    count(model, TENSORS),
    count(model, INSTRUCTIONS),
  );
}

/** End of the tables; with a model, writes where each begins. */
function tablesEnd(
  model: usize,
  headBytes: u32,
  symbols: u32,
  expressions: u32,
  tensors: u32,
  instructions: u32,
): u64 {
  let at = align(<u64> model + MODEL_BYTES + headBytes, 16);
  at = table(model, CHECKSUM_TABLE, at, CHECKSUM_TABLE_BYTES);
  at = table(model, WORKSPACE, at, WORKSPACE_BYTES);
  at = table(model, SYMBOL_VALUES, at, <u64> symbols * SYMBOL_VALUE);
  at = table(model, RANGES, at, <u64> expressions * RANGE);
  at = table(model, TENSOR_INFO, at, <u64> tensors * TENSOR_RECORD);
  at = table(model, WORK, at, <u64> instructions * 8);
  at = table(model, TEMPORARY, at, <u64> tensors * (TEMPORARY_WORDS * 4) + 16);
  if (model) store<u32>(model, <u32> at, TABLES_END);
  return at;
}

function table(model: usize, field: usize, at: u64, bytes: u64): u64 {
  if (model) store<u32>(model + field, <u32> at);
  return align(at + bytes, 16);
}

// @ts-ignore: decorator
@inline
export function align(value: u64, alignment: u64): u64 {
  return (value + alignment - 1) & ~(alignment - 1);
}
