// CRC-32C (Castagnoli), eight bytes a step ("slicing by 8", Kounavis and Berry 2005). The table of
// 8 × 256 words is made in the model's memory: it would be an eighth of the module.

/** Fills a table. */
export function makeChecksumTable(table: usize): void {
  for (let i: u32 = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82F63B78 : value >>> 1;
    store<u32>(table + (<usize> i << 2), value);
  }
  for (let i: u32 = 256; i < 2048; i++) {
    const value = load<u32>(table + (<usize> (i - 256) << 2));
    store<u32>(
      table + (<usize> i << 2),
      (value >>> 8) ^ load<u32>(table + (<usize> (value & 255) << 2)),
    );
  }
}

// @ts-ignore: decorator
@inline
function entry(table: usize, slice: usize, index: u32): u32 {
  return load<u32>(table + (slice << 10) + (<usize> (index & 255) << 2));
}

/** Checksum of `bytes` bytes at `from`; `previous` continues the one of what came before. */
export function crc32c(table: usize, from: usize, bytes: usize, previous: u32 = 0): u32 {
  let crc: u32 = ~previous;
  const end = from + bytes;
  let at = from;
  for (; end - at >= 8; at += 8) {
    const low = load<u32>(at) ^ crc;
    const high = load<u32>(at, 4);
    crc = entry(table, 7, low) ^ entry(table, 6, low >>> 8) ^
      entry(table, 5, low >>> 16) ^ entry(table, 4, low >>> 24) ^
      entry(table, 3, high) ^ entry(table, 2, high >>> 8) ^
      entry(table, 1, high >>> 16) ^ entry(table, 0, high >>> 24);
  }
  for (; at < end; at++) crc = entry(table, 0, crc ^ load<u8>(at)) ^ (crc >>> 8);
  return ~crc;
}
