/** CRC-32C (Castagnoli), the checksum of a section: RFC 3720, appendix B.4. */

const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? value >>> 1 ^ 0x82F63B78 : value >>> 1;
    table[i] = value;
  }
  return table;
}

/** CRC-32C of `bytes`; `previous` continues the checksum of what came before. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ crc >>> 8;
  return ~crc >>> 0;
}
