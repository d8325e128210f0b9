// Ternary weights: from base 3 in the file (five trits a byte, `src/numeric/base3.ts`) to panels of two
// bits (`panel_8x16_t2`), piece by piece as a host streams them. What is between two pieces lies in the
// model's struct: a byte may hold trits of two rows, a piece may end anywhere.
import { crc32c } from "./crc32c";
import { ENCODING_BASE3 } from "./generated/format";
import { Model } from "./model";

/** Bytes of the table: five codes, ten bits, for each byte. */
const TABLE_BYTES: usize = 512;
/** Bytes that a host hands over at once. */
export const STAGING_BYTES: u32 = 65536;
/** Table and staging buffer. */
export const TRITS_BYTES: u64 = <u64> TABLE_BYTES + STAGING_BYTES;

/** Largest byte of five trits. */
const MAX_BYTE: u32 = 242;
/** Sixteen codes of trit 0. */
const ZEROS: u32 = 0x55555555;

/** Where the host writes. */
// @ts-ignore: decorator
@inline
export function stagingAddress(model: Model): usize {
  return model.tritsTable + TABLE_BYTES;
}

/** Takes `bytes` bytes from the staging buffer. */
export function takeTrits(model: Model, bytes: u32): void {
  if (model.tritsPushed == 0) {
    makeTable(model.tritsTable);
    beginTensor(model, 0);
  }
  const from = stagingAddress(model);
  const end = from + bytes;
  const crc = crc32c(model.checksumTable, from, bytes, model.tritsChecksum);
  model.tritsChecksum = crc;
  model.tritsPushed += bytes;
  let at = from;
  // Behind the last tensor there is padding.
  while (at < end && model.tritsTensor < model.tensorsCount) at = unpack(model, at, end);
}

/** Codes (trit + 1) of two bits, that of the first trit, the most significant digit, lowest. */
function makeTable(table: usize): void {
  for (let byte: u32 = 0; byte <= MAX_BYTE; byte++) {
    let codes: u32 = 0;
    let rest = byte;
    for (let i = 0; i < 5; i++) {
      codes = (codes << 2) | (rest % 3);
      rest /= 3;
    }
    store<u16>(table + (<usize> byte << 1), codes);
  }
}

/** Goes to the first ternary tensor from `index` on; rows that it has not are trits 0. */
function beginTensor(model: Model, index: u32): void {
  const n = model.tensorsCount;
  while (index < n && model.tensor(index).encoding != ENCODING_BASE3) index++;
  model.tritsTensor = index;
  model.tritsCodes = 0;
  model.tritsHeld = 0;
  model.tritsRow = 0;
  model.tritsColumn = 0;
  if (index == n) return;
  const rows = extent(model, index, 0);
  if (rows & 7) memory.fill(rowAddress(model, index, rows & ~7), 0x55, groupsOf(model, index) << 5);
}

// @ts-ignore: decorator
@inline
function extent(model: Model, tensor: u32, axis: u32): u32 {
  return model.range(model.tensor(tensor).extent(axis)).max;
}

/** Words of sixteen codes in a row. */
// @ts-ignore: decorator
@inline
function groupsOf(model: Model, tensor: u32): usize {
  return (<usize> extent(model, tensor, 1) + 15) >> 4;
}

function rowAddress(model: Model, tensor: u32, row: u32): usize {
  return model.segmentAddress0 +
    <usize> model.info(tensor).offset +
    ((<usize> (row >> 3) * groupsOf(model, tensor)) << 5) + ((row & 7) << 2);
}

/** Unpacks trits of the present tensor; returns the address of the first byte that is not its own. */
function unpack(model: Model, from: usize, end: usize): usize {
  const table = model.tritsTable;
  const tensor = model.tritsTensor;
  const rows = extent(model, tensor, 0);
  const columns = extent(model, tensor, 1);
  let row = model.tritsRow;
  let column = model.tritsColumn;
  // At most 15 codes wait when five more come.
  let codes = model.tritsCodes;
  let held = model.tritsHeld;
  let bad: i32 = 0;
  let to = rowAddress(model, tensor, row) + (<usize> (column >> 4) << 5);
  let wanted = min<u32>(16, columns - column);
  for (let at = from; at < end; at++) {
    const byte: u32 = load<u8>(at);
    // Refused when all is there: a wrong checksum tells more.
    bad |= i32(byte > MAX_BYTE);
    codes |= <u64> load<u16>(table + (<usize> byte << 1)) << (held << 1);
    held += 5;
    while (held >= wanted) {
      let group = <u32> codes;
      if (wanted < 16) {
        const bits = wanted << 1;
        group = (group & ((1 << bits) - 1)) | (ZEROS << bits);
      }
      store<u32>(to, interleave(group));
      to += 32;
      codes >>= <u64> wanted << 1;
      held -= wanted;
      column += wanted;
      if (column == columns) {
        if (++row == rows) {
          // What is left of the byte are digits that fill it.
          model.tritsBad |= bad;
          beginTensor(model, tensor + 1);
          return at + 1;
        }
        column = 0;
        to = rowAddress(model, tensor, row);
      }
      wanted = min<u32>(16, columns - column);
    }
  }
  model.tritsBad |= bad;
  model.tritsRow = row;
  model.tritsColumn = column;
  model.tritsCodes = codes;
  model.tritsHeld = held;
  return end;
}

/** Codes in order → byte j has the codes of 4p + j: a 4 × 4 matrix is transposed, 2 × 2 by 2 × 2. */
// @ts-ignore: decorator
@inline
function interleave(group: u32): u32 {
  const inner = ((group >> 6) ^ group) & 0x00CC00CC;
  group ^= inner ^ (inner << 6);
  const outer = ((group >> 12) ^ group) & 0x0000F0F0;
  return group ^ outer ^ (outer << 12);
}
