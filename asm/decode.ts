// Bytes to tables: everything that can be checked record by record, as `src/program/decode.ts` does
// and in its order. The bytes may be hostile: nothing is read beyond the head.
import { crc32c, makeChecksumTable } from "./crc32c";
import {
  CHECK_COUNT,
  DTYPE_COUNT,
  ENCODING_COUNT,
  FEATURE_TRITS,
  HEADER_BYTES,
  LAYOUT_COUNT,
  LIMIT_ATTRIBUTES,
  LIMIT_ENTRIES,
  LIMIT_EXPRESSIONS,
  LIMIT_INSTRUCTIONS,
  LIMIT_OPERANDS,
  LIMIT_RANK,
  LIMIT_SYMBOLS,
  LIMIT_TENSORS,
  LIMIT_TERMS,
  LIMIT_VIEWS,
  MAGIC,
  NONE,
  REGION_COUNT,
  TAG_ATTRIBUTES,
  TAG_COUNT,
  TAG_ENTRIES,
  TAG_EXPRESSIONS,
  TAG_INSTRUCTIONS,
  TAG_NAMES,
  TAG_OPERANDS,
  TAG_SEGMENTS,
  TAG_SYMBOLS,
  TAG_TENSORS,
  TAG_VIEWS,
  TAGS,
  VERDICT_BAD_EXPRESSION,
  VERDICT_BAD_MAGIC,
  VERDICT_BAD_NAME,
  VERDICT_BAD_OPCODE,
  VERDICT_BAD_SECTION,
  VERDICT_BAD_SYMBOL,
  VERDICT_BAD_TENSOR,
  VERDICT_BAD_VIEW,
  VERDICT_CHECKSUM,
  VERDICT_LIMIT,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED_SECTION,
  VERDICT_UNSUPPORTED_VERSION,
  VERSION,
} from "./generated/format";
import {
  EntryRecord,
  ExpressionRecord,
  Header,
  InstructionRecord,
  Named,
  Section,
  SegmentRecord,
  SymbolRecord,
  TensorRecord,
  ViewRecord,
} from "./generated/records";
import { layOutTables, Model } from "./model";
import { Table } from "./tables";

/** Checks the head at `model + MODEL_BYTES`, of which `available` bytes are there. */
export function decode(model: Model, available: u32): i32 {
  const head = model.head;
  if (available < HEADER_BYTES) return VERDICT_TRUNCATED;
  if (head.magic != MAGIC) return VERDICT_BAD_MAGIC;
  if (head.version != VERSION) return VERDICT_UNSUPPORTED_VERSION;
  // The first table lies behind the head whatever the other tables turn out to be.
  model.headBytes = available;
  layOutTables(model);
  const checksums = model.checksumTable;
  makeChecksumTable(checksums);
  const headBytes = head.headBytes;
  if (headBytes < HEADER_BYTES || available < headBytes) return VERDICT_TRUNCATED;

  let status = checkHeader(head, headBytes, checksums);
  if (status == 0) status = checkSections(head, headBytes, checksums);
  if (status == 0) status = section(model.names, head, TAG_NAMES, 1);
  if (status == 0) {
    status = records<SymbolRecord>(model.symbols, head, TAG_SYMBOLS, LIMIT_SYMBOLS);
  }
  if (status == 0) status = checkSymbols(model);
  if (status == 0) {
    status = records<ExpressionRecord>(model.expressions, head, TAG_EXPRESSIONS, LIMIT_EXPRESSIONS);
  }
  if (status == 0) status = checkExpressions(model);
  if (status == 0) {
    status = records<TensorRecord>(model.tensors, head, TAG_TENSORS, LIMIT_TENSORS);
  }
  if (status == 0) status = checkTensors(model);
  if (status == 0) status = records<ViewRecord>(model.views, head, TAG_VIEWS, LIMIT_VIEWS);
  if (status == 0) status = checkViews(model);
  if (status == 0) status = section(model.operands, head, TAG_OPERANDS, 4);
  if (status == 0) status = section(model.attributes, head, TAG_ATTRIBUTES, 4);
  if (status == 0) {
    status = records<InstructionRecord>(
      model.instructions,
      head,
      TAG_INSTRUCTIONS,
      LIMIT_INSTRUCTIONS,
    );
  }
  if (status == 0) status = checkInstructions(model);
  if (status == 0) {
    status = records<EntryRecord>(model.entries, head, TAG_ENTRIES, LIMIT_ENTRIES);
  }
  if (status == 0) status = checkEntries(model);
  if (status == 0) status = records<SegmentRecord>(model.segments, head, TAG_SEGMENTS, 4);
  if (status == 0) status = checkSegments(model);
  if (status == 0) layOutTables(model);
  return status;
}

/** Checks what is not a size; the checksum is that of all before it and of the section table. */
function checkHeader(head: Header, headBytes: u32, checksums: usize): i32 {
  const at = changetype<usize>(head);
  const sections = head.sections;
  if (sections > 64 || tableEnd(head) > headBytes) return VERDICT_BAD_SECTION;
  const before = crc32c(checksums, at, offsetof<Header>("checksum"));
  const sum = crc32c(checksums, at + HEADER_BYTES, sections * <u32> offsetof<Section>(), before);
  if (sum != head.checksum) return VERDICT_CHECKSUM;
  const unknown = head.features & ~FEATURE_TRITS;
  if (head.blobBytesHigh != 0 || unknown != 0 || head.zero != 0) return VERDICT_UNSUPPORTED_SECTION;
  return 0;
}

/** Bytes up to the end of the section table. */
function tableEnd(head: Header): u32 {
  return HEADER_BYTES + head.sections * <u32> offsetof<Section>();
}

// @ts-ignore: decorator
@inline
function sectionOf(head: Header, index: u32): Section {
  return changetype<Section>(
    changetype<usize>(head) + HEADER_BYTES + <usize> index * offsetof<Section>(),
  );
}

function checkSections(head: Header, headBytes: u32, checksums: usize): i32 {
  const end = tableEnd(head);
  for (let i: u32 = 0, n = head.sections; i < n; i++) {
    const record = sectionOf(head, i);
    const offset = record.offset;
    const length = record.bytes;
    if ((offset & 3) != 0 || offset < end || <u64> offset + length > headBytes) {
      return VERDICT_BAD_SECTION;
    }
    const sum = crc32c(checksums, changetype<usize>(head) + offset, length);
    if (sum != record.checksum) return VERDICT_CHECKSUM;
    if (isKnown(record.tag)) {
      if (changetype<usize>(findSection(head, record.tag, i))) return VERDICT_BAD_SECTION;
    } else if (record.flags & 1) return VERDICT_UNSUPPORTED_SECTION;
  }
  return 0;
}

function isKnown(tag: u32): bool {
  for (let i: u32 = 0; i < TAG_COUNT; i++) {
    if (load<u32>(TAGS + (<usize> i << 2)) == tag) return true;
  }
  return false;
}

/** Record of a tag among the first `sections` of the table, or null. */
export function findSection(head: Header, tag: u32, sections: u32): Section {
  for (let i: u32 = 0; i < sections; i++) {
    const record = sectionOf(head, i);
    if (record.tag == tag) return record;
  }
  return changetype<Section>(0);
}

/** Sets address and count of a section of items of `size` bytes; an absent one is empty. */
function section(table: Table, head: Header, tag: u32, size: u32): i32 {
  const record = findSection(head, tag, head.sections);
  const present = changetype<usize>(record) != 0;
  const length: u32 = present ? record.bytes : 0;
  if (size > 1 && (length & 3) != 0) return VERDICT_BAD_SECTION;
  if (length % size != 0) return VERDICT_BAD_SECTION;
  table.address = changetype<usize>(head) + (present ? record.offset : 0);
  table.count = length / size;
  return 0;
}

// @ts-ignore: decorator
@inline
function records<T>(table: Table, head: Header, tag: u32, limit: u32): i32 {
  return limited(table, head, tag, <u32> offsetof<T>(), limit);
}

function limited(table: Table, head: Header, tag: u32, size: u32, limit: u32): i32 {
  const status = section(table, head, tag, size);
  if (status != 0) return status;
  return table.count > limit ? VERDICT_LIMIT : 0;
}

/** `[A-Za-z0-9_./-]`, 1 to 255 of them; no name at all is NONE, 0. */
function checkName(model: Model, record: Named): i32 {
  const offset = record.nameOffset;
  const length = record.nameBytes;
  if (offset == NONE && length == 0) return 0;
  if (length < 1 || length > 255 || <u64> offset + length > model.namesCount) {
    return VERDICT_BAD_NAME;
  }
  const name = model.namesAddress + offset;
  for (let i: u32 = 0; i < length; i++) {
    const c = load<u8>(name + i);
    const letter = c | 32;
    if (
      !(letter >= 0x61 && letter <= 0x7A) && !(c >= 0x30 && c <= 0x39) &&
      c != 0x5F && c != 0x2E && c != 0x2F && c != 0x2D
    ) return VERDICT_BAD_NAME;
  }
  return 0;
}

function checkSymbols(model: Model): i32 {
  for (let i: u32 = 0, n = model.symbolsCount; i < n; i++) {
    const record = model.symbol(i);
    const status = checkName(model, record);
    if (status != 0) return status;
    if (record.kind > 1) return VERDICT_BAD_SYMBOL;
  }
  return 0;
}

function checkExpressions(model: Model): i32 {
  for (let i: u32 = 0, n = model.expressionsCount; i < n; i++) {
    const record = model.expression(i);
    if (record.terms > LIMIT_TERMS) return VERDICT_BAD_EXPRESSION;
  }
  return 0;
}

function checkTensors(model: Model): i32 {
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const record = model.tensor(i);
    const status = checkName(model, record);
    if (status != 0) return status;
    if (
      record.region >= REGION_COUNT || record.dtype >= DTYPE_COUNT ||
      record.layout >= LAYOUT_COUNT || !isRank(record.rank) ||
      record.encoding >= ENCODING_COUNT || record.check >= CHECK_COUNT
    ) return VERDICT_BAD_TENSOR;
  }
  return 0;
}

function checkViews(model: Model): i32 {
  for (let i: u32 = 0, n = model.viewsCount; i < n; i++) {
    const record = model.view(i);
    if (!isRank(record.rank)) return VERDICT_BAD_VIEW;
  }
  return 0;
}

function isRank(rank: u32): bool {
  return rank >= 1 && rank <= LIMIT_RANK;
}

function checkInstructions(model: Model): i32 {
  const operands = <u64> model.operandsCount;
  const attributes = <u64> model.attributesCount;
  for (let i: u32 = 0, n = model.instructionsCount; i < n; i++) {
    const record = model.instruction(i);
    if (
      record.operands > LIMIT_OPERANDS || record.attributes > LIMIT_ATTRIBUTES ||
      <u64> record.firstOperand + record.operands > operands ||
      <u64> record.firstAttribute + record.attributes > attributes
    ) return VERDICT_BAD_OPCODE;
  }
  return 0;
}

function checkEntries(model: Model): i32 {
  for (let i: u32 = 0, n = model.entriesCount; i < n; i++) {
    const record = model.entry(i);
    const status = checkName(model, record);
    if (status != 0) return status;
  }
  return 0;
}

function checkSegments(model: Model): i32 {
  const head = model.head;
  const segments: u32 = head.features & FEATURE_TRITS ? 4 : 3;
  if (model.segmentsCount != segments) return VERDICT_BAD_SECTION;
  let end: u64 = 0;
  for (let i: u32 = 0; i < segments; i++) {
    const record = model.segment(i);
    if (record.kind != i || <u64> record.offset != end) return VERDICT_BAD_SECTION;
    end += record.bytes;
  }
  return end == head.blobBytes ? 0 : VERDICT_BAD_SECTION;
}
