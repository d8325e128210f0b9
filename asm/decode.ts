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
  RECORD_ENTRIES,
  RECORD_EXPRESSIONS,
  RECORD_INSTRUCTIONS,
  RECORD_SEGMENTS,
  RECORD_SYMBOLS,
  RECORD_TENSORS,
  RECORD_VIEWS,
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
  ATTRIBUTES,
  CHECKSUM_TABLE,
  COUNT,
  count,
  ENTRIES,
  EXPRESSIONS,
  HEAD_BYTES,
  INSTRUCTIONS,
  layOutTables,
  MODEL_BYTES,
  NAMES,
  OPERANDS,
  SEGMENTS,
  SYMBOLS,
  TENSORS,
  VIEWS,
  word,
} from "./model";

/** Checks the head at `model + MODEL_BYTES`, of which `available` bytes are there. */
export function decode(model: usize, available: u32): i32 {
  const head = model + MODEL_BYTES;
  if (available < HEADER_BYTES) return VERDICT_TRUNCATED;
  if (load<u32>(head) != MAGIC) return VERDICT_BAD_MAGIC;
  if (load<u32>(head, 4) != VERSION) return VERDICT_UNSUPPORTED_VERSION;
  // The first table lies behind the head whatever the other tables turn out to be.
  store<u32>(model, available, HEAD_BYTES);
  layOutTables(model);
  const checksums = <usize> word(model, CHECKSUM_TABLE);
  makeChecksumTable(checksums);
  const headBytes = load<u32>(head, 8);
  if (headBytes < HEADER_BYTES || available < headBytes) return VERDICT_TRUNCATED;

  let status = checkHeader(head, headBytes, checksums);
  if (status == 0) status = checkSections(head, headBytes, checksums);
  if (status == 0) status = section(model, head, TAG_NAMES, NAMES, 1);
  if (status == 0) {
    status = records(model, head, TAG_SYMBOLS, SYMBOLS, RECORD_SYMBOLS, LIMIT_SYMBOLS);
  }
  if (status == 0) status = checkSymbols(model);
  if (status == 0) {
    status = records(
      model,
      head,
      TAG_EXPRESSIONS,
      EXPRESSIONS,
      RECORD_EXPRESSIONS,
      LIMIT_EXPRESSIONS,
    );
  }
  if (status == 0) status = checkExpressions(model);
  if (status == 0) {
    status = records(model, head, TAG_TENSORS, TENSORS, RECORD_TENSORS, LIMIT_TENSORS);
  }
  if (status == 0) status = checkTensors(model);
  if (status == 0) status = records(model, head, TAG_VIEWS, VIEWS, RECORD_VIEWS, LIMIT_VIEWS);
  if (status == 0) status = checkViews(model);
  if (status == 0) status = section(model, head, TAG_OPERANDS, OPERANDS, 4);
  if (status == 0) status = section(model, head, TAG_ATTRIBUTES, ATTRIBUTES, 4);
  if (status == 0) {
    status = records(
      model,
      head,
      TAG_INSTRUCTIONS,
      INSTRUCTIONS,
      RECORD_INSTRUCTIONS,
      LIMIT_INSTRUCTIONS,
    );
  }
  if (status == 0) status = checkInstructions(model);
  if (status == 0) {
    status = records(model, head, TAG_ENTRIES, ENTRIES, RECORD_ENTRIES, LIMIT_ENTRIES);
  }
  if (status == 0) status = checkEntries(model);
  if (status == 0) status = records(model, head, TAG_SEGMENTS, SEGMENTS, RECORD_SEGMENTS, 4);
  if (status == 0) status = checkSegments(model, head);
  if (status == 0) layOutTables(model);
  return status;
}

/** Checks what is not a size; the checksum is that of 60 bytes and the section table. */
function checkHeader(head: usize, headBytes: u32, checksums: usize): i32 {
  const sections = load<u32>(head, 20);
  if (sections > 64 || HEADER_BYTES + sections * 20 > headBytes) return VERDICT_BAD_SECTION;
  const sum = crc32c(checksums, head + HEADER_BYTES, sections * 20, crc32c(checksums, head, 60));
  if (sum != load<u32>(head, 60)) return VERDICT_CHECKSUM;
  const unknown = load<u32>(head, 24) & ~FEATURE_TRITS;
  if (load<u32>(head, 16) != 0 || unknown != 0 || load<u32>(head, 28) != 0) {
    return VERDICT_UNSUPPORTED_SECTION;
  }
  return 0;
}

function checkSections(head: usize, headBytes: u32, checksums: usize): i32 {
  const sections = load<u32>(head, 20);
  const tableEnd = HEADER_BYTES + sections * 20;
  for (let i: u32 = 0; i < sections; i++) {
    const record = head + HEADER_BYTES + <usize> i * 20;
    const tag = load<u32>(record);
    const offset = load<u32>(record, 8);
    const length = load<u32>(record, 12);
    if ((offset & 3) != 0 || offset < tableEnd || <u64> offset + length > headBytes) {
      return VERDICT_BAD_SECTION;
    }
    if (crc32c(checksums, head + offset, length) != load<u32>(record, 16)) return VERDICT_CHECKSUM;
    if (isKnown(tag)) {
      if (findSection(head, tag, i) != 0) return VERDICT_BAD_SECTION;
    } else if (load<u32>(record, 4) & 1) return VERDICT_UNSUPPORTED_SECTION;
  }
  return 0;
}

function isKnown(tag: u32): bool {
  for (let i: u32 = 0; i < TAG_COUNT; i++) {
    if (load<u32>(TAGS + (<usize> i << 2)) == tag) return true;
  }
  return false;
}

/** Record of a tag among the first `sections` of the table, or 0. */
function findSection(head: usize, tag: u32, sections: u32): usize {
  for (let i: u32 = 0; i < sections; i++) {
    const record = head + HEADER_BYTES + <usize> i * 20;
    if (load<u32>(record) == tag) return record;
  }
  return 0;
}

/** Sets address and count of a section of items of `size` bytes; an absent one is empty. */
function section(model: usize, head: usize, tag: u32, field: usize, size: u32): i32 {
  const record = findSection(head, tag, load<u32>(head, 20));
  const length: u32 = record ? load<u32>(record, 12) : 0;
  if (size > 1 && (length & 3) != 0) return VERDICT_BAD_SECTION;
  if (length % size != 0) return VERDICT_BAD_SECTION;
  store<u32>(model + field, <u32> head + (record ? load<u32>(record, 8) : 0));
  store<u32>(model + field + COUNT, length / size);
  return 0;
}

function records(
  model: usize,
  head: usize,
  tag: u32,
  field: usize,
  size: u32,
  limit: u32,
): i32 {
  const status = section(model, head, tag, field, size);
  if (status != 0) return status;
  return count(model, field) > limit ? VERDICT_LIMIT : 0;
}

/** `[A-Za-z0-9_./-]`, 1 to 255 of them; no name at all is NONE, 0. */
function checkName(model: usize, record: usize): i32 {
  const offset = load<u32>(record);
  const length = load<u32>(record, 4);
  if (offset == NONE && length == 0) return 0;
  if (length < 1 || length > 255 || <u64> offset + length > count(model, NAMES)) {
    return VERDICT_BAD_NAME;
  }
  const name = <usize> word(model, NAMES) + offset;
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

function checkSymbols(model: usize): i32 {
  let record = <usize> word(model, SYMBOLS);
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++, record += RECORD_SYMBOLS) {
    const status = checkName(model, record);
    if (status != 0) return status;
    if (load<u32>(record, 8) > 1) return VERDICT_BAD_SYMBOL;
  }
  return 0;
}

function checkExpressions(model: usize): i32 {
  let record = <usize> word(model, EXPRESSIONS);
  for (let i: u32 = 0, n = count(model, EXPRESSIONS); i < n; i++, record += RECORD_EXPRESSIONS) {
    if (load<u32>(record, 4) > LIMIT_TERMS) return VERDICT_BAD_EXPRESSION;
  }
  return 0;
}

function checkTensors(model: usize): i32 {
  let record = <usize> word(model, TENSORS);
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++, record += RECORD_TENSORS) {
    const status = checkName(model, record);
    if (status != 0) return status;
    if (
      load<u32>(record, 8) >= REGION_COUNT || load<u32>(record, 12) >= DTYPE_COUNT ||
      load<u32>(record, 16) >= LAYOUT_COUNT || !isRank(load<u32>(record, 20)) ||
      load<u32>(record, 40) >= ENCODING_COUNT || load<u32>(record, 44) >= CHECK_COUNT
    ) return VERDICT_BAD_TENSOR;
  }
  return 0;
}

function checkViews(model: usize): i32 {
  let record = <usize> word(model, VIEWS);
  for (let i: u32 = 0, n = count(model, VIEWS); i < n; i++, record += RECORD_VIEWS) {
    if (!isRank(load<u32>(record, 8))) return VERDICT_BAD_VIEW;
  }
  return 0;
}

function isRank(rank: u32): bool {
  return rank >= 1 && rank <= LIMIT_RANK;
}

function checkInstructions(model: usize): i32 {
  const operands = <u64> count(model, OPERANDS);
  const attributes = <u64> count(model, ATTRIBUTES);
  let record = <usize> word(model, INSTRUCTIONS);
  for (let i: u32 = 0, n = count(model, INSTRUCTIONS); i < n; i++, record += RECORD_INSTRUCTIONS) {
    if (
      load<u32>(record, 8) > LIMIT_OPERANDS || load<u32>(record, 16) > LIMIT_ATTRIBUTES ||
      <u64> load<u32>(record, 4) + load<u32>(record, 8) > operands ||
      <u64> load<u32>(record, 12) + load<u32>(record, 16) > attributes
    ) return VERDICT_BAD_OPCODE;
  }
  return 0;
}

function checkEntries(model: usize): i32 {
  let record = <usize> word(model, ENTRIES);
  for (let i: u32 = 0, n = count(model, ENTRIES); i < n; i++, record += RECORD_ENTRIES) {
    const status = checkName(model, record);
    if (status != 0) return status;
  }
  return 0;
}

function checkSegments(model: usize, head: usize): i32 {
  const segments: u32 = load<u32>(head, 24) & FEATURE_TRITS ? 4 : 3;
  if (count(model, SEGMENTS) != segments) return VERDICT_BAD_SECTION;
  let end: u64 = 0;
  for (let i: u32 = 0; i < segments; i++) {
    const record = <usize> word(model, SEGMENTS) + <usize> i * RECORD_SEGMENTS;
    if (load<u32>(record) != i || <u64> load<u32>(record, 4) != end) return VERDICT_BAD_SECTION;
    end += load<u32>(record, 8);
  }
  return end == load<u32>(head, 12) ? 0 : VERDICT_BAD_SECTION;
}
