// A loaded program: its struct, the head of the file as it is (read in place), then tables. Everything
// is addressed by the struct; there are no module globals.
//
//   model                    Model, MODEL_BYTES
//   model + MODEL_BYTES      head of the file, written by the host (generated/records.ts)
//   tables                   checksum table, workspace, symbols, ranges, tensors, work, temporary
//   table, staging buffer    where there are ternary weights (trits.ts)
//   segments                 constants, initial bytes of parameters, of state (256-aligned)
//   model.end
import {
  LIMIT_EXPRESSIONS,
  LIMIT_INSTRUCTIONS,
  LIMIT_SYMBOLS,
  LIMIT_TENSORS,
} from "./generated/format";
import {
  EntryRecord,
  ExpressionRecord,
  Header,
  InstructionRecord,
  SegmentRecord,
  SymbolRecord,
  TensorRecord,
  ViewRecord,
} from "./generated/records";
import { Range, SymbolValue, Table, TensorInfo } from "./tables";

/** Bytes before the head; the host knows the number. */
export const MODEL_BYTES: usize = 256;

// How far loading has come.
export const NOT_LOADED: u32 = 0;
export const LOADED: u32 = 0x46574201;
export const PLANNED: u32 = 0x46574202;
export const READY: u32 = 0x46574203;

/** The struct of a model. */
// @ts-ignore: decorator
@unmanaged
export class Model {
  stage: u32;
  headBytes: u32;

  // Tables of the file.
  namesAddress: usize;
  namesCount: u32;
  symbolsAddress: usize;
  symbolsCount: u32;
  expressionsAddress: usize;
  expressionsCount: u32;
  tensorsAddress: usize;
  tensorsCount: u32;
  viewsAddress: usize;
  viewsCount: u32;
  operandsAddress: usize;
  operandsCount: u32;
  attributesAddress: usize;
  attributesCount: u32;
  instructionsAddress: usize;
  instructionsCount: u32;
  entriesAddress: usize;
  entriesCount: u32;
  segmentsAddress: usize;
  segmentsCount: u32;

  // Addresses of tables that loading fills.
  checksumTable: usize;
  workspace: usize;
  symbolValues: usize;
  ranges: usize;
  tensorInfos: usize;
  /** float64 for each instruction. */
  work: usize;
  temporary: usize;
  tablesEnd: usize;

  scratchBytes: u32;
  checkedInputs: u32;
  /** With guards. */
  regionBytes0: u32;
  regionBytes1: u32;
  regionBytes2: u32;
  regionBytes3: u32;
  regionBytes4: u32;
  regionBytes5: u32;
  /** Constants, parameters, state. */
  segmentAddress0: usize;
  segmentAddress1: usize;
  segmentAddress2: usize;
  end: usize;
  instanceBytes: u32;
  /** Regions 0…5 and scratch memory, in an instance. */
  regionOffset0: u32;
  regionOffset1: u32;
  regionOffset2: u32;
  regionOffset3: u32;
  regionOffset4: u32;
  regionOffset5: u32;
  regionOffset6: u32;

  // How far the trits have come.
  /** Address; 0 where there are none. */
  tritsTable: usize;
  /** Bytes, and their checksum. */
  tritsPushed: u32;
  tritsChecksum: u32;
  /** Tensor, row and column of the next group. */
  tritsTensor: u32;
  tritsRow: u32;
  tritsColumn: u32;
  /** Codes that are in no group yet, the first one lowest, and how many. */
  tritsCodes: u64;
  tritsHeld: u32;
  /** Whether a byte was not five trits. */
  tritsBad: u32;

  /** How often a model was loaded here. */
  generation: u32;
  /** What kernels may take the dot product for: `DOT_…`. */
  dot: i32;
  /** Whether an instruction trains: then 16-bit floats may be stored where float32 is computed with. */
  trains: u32;

  // @ts-ignore: decorator
  @inline
  get head(): Header {
    return changetype<Header>(changetype<usize>(this) + MODEL_BYTES);
  }

  // @ts-ignore: decorator
  @inline
  get names(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("namesAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get symbols(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("symbolsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get expressions(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("expressionsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get tensors(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("tensorsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get views(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("viewsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get operands(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("operandsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get attributes(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("attributesAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get instructions(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("instructionsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get entries(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("entriesAddress"));
  }

  // @ts-ignore: decorator
  @inline
  get segments(): Table {
    return changetype<Table>(changetype<usize>(this) + offsetof<Model>("segmentsAddress"));
  }

  // @ts-ignore: decorator
  @inline
  symbol(index: u32): SymbolRecord {
    return changetype<SymbolRecord>(this.symbolsAddress + <usize> index * offsetof<SymbolRecord>());
  }

  // @ts-ignore: decorator
  @inline
  expression(index: u32): ExpressionRecord {
    return changetype<ExpressionRecord>(
      this.expressionsAddress + <usize> index * offsetof<ExpressionRecord>(),
    );
  }

  // @ts-ignore: decorator
  @inline
  tensor(index: u32): TensorRecord {
    return changetype<TensorRecord>(this.tensorsAddress + <usize> index * offsetof<TensorRecord>());
  }

  // @ts-ignore: decorator
  @inline
  view(index: u32): ViewRecord {
    return changetype<ViewRecord>(this.viewsAddress + <usize> index * offsetof<ViewRecord>());
  }

  // @ts-ignore: decorator
  @inline
  instruction(index: u32): InstructionRecord {
    return changetype<InstructionRecord>(
      this.instructionsAddress + <usize> index * offsetof<InstructionRecord>(),
    );
  }

  // @ts-ignore: decorator
  @inline
  entry(index: u32): EntryRecord {
    return changetype<EntryRecord>(this.entriesAddress + <usize> index * offsetof<EntryRecord>());
  }

  // @ts-ignore: decorator
  @inline
  segment(index: u32): SegmentRecord {
    return changetype<SegmentRecord>(
      this.segmentsAddress + <usize> index * offsetof<SegmentRecord>(),
    );
  }
  // @ts-ignore: decorator
  @inline
  info(tensor: u32): TensorInfo {
    return changetype<TensorInfo>(this.tensorInfos + <usize> tensor * offsetof<TensorInfo>());
  }

  // @ts-ignore: decorator
  @inline
  symbolValue(index: u32): SymbolValue {
    return changetype<SymbolValue>(this.symbolValues + <usize> index * offsetof<SymbolValue>());
  }

  // @ts-ignore: decorator
  @inline
  range(expression: u32): Range {
    return changetype<Range>(this.ranges + <usize> expression * offsetof<Range>());
  }

  /** Work of an instruction. */
  // @ts-ignore: decorator
  @inline
  workOf(instruction: u32): u64 {
    return load<u64>(this.work + (<usize> instruction << 3));
  }

  // @ts-ignore: decorator
  @inline
  setWork(instruction: u32, value: u64): void {
    store<u64>(this.work + (<usize> instruction << 3), value);
  }

  /** View that is operand `j` of an instruction; NONE for an absent one. */
  // @ts-ignore: decorator
  @inline
  operandView(instruction: InstructionRecord, j: u32): u32 {
    return load<u32>(this.operandsAddress + (<usize> (instruction.firstOperand + j) << 2));
  }

  // @ts-ignore: decorator
  @inline
  attribute(instruction: InstructionRecord, j: u32): i32 {
    return load<i32>(this.attributesAddress + (<usize> (instruction.firstAttribute + j) << 2));
  }

  /** Address of a word of an array of the struct. */
  // @ts-ignore: decorator
  @inline
  at(index: u32): usize {
    return changetype<usize>(this) + (<usize> index << 2);
  }

  // @ts-ignore: decorator
  @inline
  regionBytes(region: u32): u32 {
    return load<u32>(this.at(region), offsetof<Model>("regionBytes0"));
  }

  // @ts-ignore: decorator
  @inline
  setRegionBytes(region: u32, value: u32): void {
    store<u32>(this.at(region), value, offsetof<Model>("regionBytes0"));
  }

  // @ts-ignore: decorator
  @inline
  segmentAddress(segment: u32): usize {
    return load<u32>(this.at(segment), offsetof<Model>("segmentAddress0"));
  }

  // @ts-ignore: decorator
  @inline
  setSegmentAddress(segment: u32, value: usize): void {
    store<usize>(this.at(segment), value, offsetof<Model>("segmentAddress0"));
  }

  // @ts-ignore: decorator
  @inline
  regionOffset(region: u32): u32 {
    return load<u32>(this.at(region), offsetof<Model>("regionOffset0"));
  }

  // @ts-ignore: decorator
  @inline
  setRegionOffset(region: u32, value: u32): void {
    store<u32>(this.at(region), value, offsetof<Model>("regionOffset0"));
  }
}

// Bytes of the tables.
const CHECKSUM_TABLE_BYTES: u32 = 8 * 256 * 4;
/** A context block (to plan scratch memory) and the variables of a description. */
const WORKSPACE_BYTES: u32 = 2048;
/** Names' hash table, then the order of the arena: words for one tensor. */
const TEMPORARY_WORDS: u32 = 4;

/** Bytes that `model_load` and `model_plan` need for a head of that many bytes. */
export function modelBytes(headBytes: u32): u64 {
  const head = <u64> headBytes;
  return tablesEnd(
    changetype<Model>(0),
    headBytes,
    <u32> min<u64>(LIMIT_EXPRESSIONS, head / offsetof<ExpressionRecord>()),
    <u32> min<u64>(LIMIT_TENSORS, head / offsetof<TensorRecord>()),
    <u32> min<u64>(LIMIT_INSTRUCTIONS, head / offsetof<InstructionRecord>()),
  );
}

/** Lays out the tables of a model whose counts are known. */
export function layOutTables(model: Model): void {
  tablesEnd(
    model,
    model.headBytes,
    model.expressionsCount,
    model.tensorsCount,
    model.instructionsCount,
  );
}

/** End of the tables; with a model, writes where each begins. */
function tablesEnd(
  model: Model,
  headBytes: u32,
  expressions: u32,
  tensors: u32,
  instructions: u32,
): u64 {
  const base = changetype<usize>(model);
  let at = align(<u64> base + MODEL_BYTES + headBytes, 16);
  at = table(base, offsetof<Model>("checksumTable"), at, CHECKSUM_TABLE_BYTES);
  at = table(base, offsetof<Model>("workspace"), at, WORKSPACE_BYTES);
  at = table(
    base,
    offsetof<Model>("symbolValues"),
    at,
    LIMIT_SYMBOLS * <u32> offsetof<SymbolValue>(),
  );
  at = table(base, offsetof<Model>("ranges"), at, <u64> expressions * offsetof<Range>());
  at = table(base, offsetof<Model>("tensorInfos"), at, <u64> tensors * offsetof<TensorInfo>());
  at = table(base, offsetof<Model>("work"), at, <u64> instructions * 8);
  at = table(base, offsetof<Model>("temporary"), at, <u64> tensors * (TEMPORARY_WORDS * 4) + 16);
  if (base) model.tablesEnd = <usize> at;
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
