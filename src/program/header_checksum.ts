import { crc32c } from "./crc32c.ts";
import { HEADER_BYTES, SECTION_WORDS } from "./format.ts";

/** Checksum in a file's header: of its first 60 bytes, then of the table of so many sections. */
export function headerChecksum(head: Uint8Array, sections: number): number {
  const table = head.subarray(HEADER_BYTES, HEADER_BYTES + sections * SECTION_WORDS * 4);
  return crc32c(table, crc32c(head.subarray(0, 60)));
}
