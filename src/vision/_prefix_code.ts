import { FewbitError } from "../errors.ts";

/** A prefix code: `table[next bits]` is `symbol << 4 | length`, or 0 where no code begins with these bits. */
export interface PrefixCode {
  readonly table: Uint16Array;
  readonly bits: number;
}

/** The error of a deflate stream that is not one. */
export function damaged(detail: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot decode PNG: the pixels are damaged (${detail})`);
}

/**
 * Builds the canonical prefix code (RFC 1951, 3.2.2) whose symbols have these lengths in bits, 0 to 15. As in zlib it
 * must be complete, but for a single code of one bit and for no code at all. Throws `invalid_file`.
 */
export function prefixCode(lengths: Uint8Array): PrefixCode {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  let bits = 15;
  while (bits > 1 && counts[bits] === 0) bits--;
  const nextCode = new Uint16Array(17);
  let unused = 1;
  for (let length = 1; length <= 15; length++) {
    unused = unused * 2 - counts[length];
    if (unused < 0) throw damaged("prefix code with too many symbols");
    nextCode[length + 1] = (nextCode[length] + counts[length]) << 1;
  }
  if (unused > 0 && bits > 1) throw damaged("incomplete prefix code");
  const table = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol];
    if (length === 0) continue;
    let code = nextCode[length]++;
    let reversed = 0;
    for (let i = 0; i < length; i++, code >>= 1) reversed = reversed << 1 | code & 1;
    for (let i = reversed; i < table.length; i += 1 << length) table[i] = symbol << 4 | length;
  }
  return { table, bits };
}
