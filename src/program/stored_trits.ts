/** Where ternary weights lie in the file: the fourth part of the blob (`format.ts`). */
import { base3Bytes, isBase3 } from "../numeric/base3.ts";
import type { Index, Program } from "./program.ts";
import { ProgramError } from "./verdict.ts";

/** The stored trits of one tensor. */
export interface StoredTrits {
  /** The tensor, of encoding `base3`. */
  readonly tensor: Index;
  /** Its extents. */
  readonly rows: number;
  readonly columns: number;
  /** Offset in the segment. */
  readonly offset: number;
  /** `⌈rows·columns/5⌉`. */
  readonly bytes: number;
}

/** The tensors of a segment of trits, in order. Their extents are constant, as the verifier checks. */
export function storedTrits({ tensors, expressions }: Program): StoredTrits[] {
  const stored: StoredTrits[] = [];
  let offset = 0;
  tensors.forEach(({ encoding, extents }, tensor) => {
    if (encoding !== "base3") return;
    const [rows, columns] = extents.map((extent) => expressions[extent].constant);
    const bytes = base3Bytes(rows * columns);
    stored.push({ tensor, rows, columns, offset, bytes });
    offset += bytes;
  });
  return stored;
}

/**
 * Checks the bytes of a segment of trits.
 *
 * @throws {ProgramError} `bad_data` where one is not five trits.
 */
export function checkTrits(stored: readonly StoredTrits[], segment: Uint8Array): void {
  for (const { tensor, offset, bytes } of stored) {
    if (!isBase3(segment.subarray(offset, offset + bytes))) {
      throw new ProgramError("bad_data", `a byte of tensor ${tensor} exceeds 242, five trits`);
    }
  }
}
