/** Files in parts, for hosts that limit how large one may be. */
import { isPartName, MAX_PARTS, PARTS_FORMAT } from "../engines/parts.ts";
import type { FilePart, PartsIndex } from "../engines/parts.ts";
import { FewbitError } from "../errors.ts";
import { crc32c } from "../program/crc32c.ts";
import { splitPath } from "../files/split_path.ts";
import { writeWhole } from "./_run.ts";

/**
 * Writes a file as `{output}.part-001` and so on, and last the index `{output}.parts.json`, so that there is
 * none before all of its parts.
 *
 * @returns The index, and its name.
 */
export async function writeParts(
  output: string,
  bytes: Uint8Array,
  size: number,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly index: PartsIndex }> {
  const count = Math.ceil(bytes.length / size);
  if (count > MAX_PARTS) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot write ${output}: it has ${count} parts of ${size} bytes, at most ${MAX_PARTS} are allowed`,
    );
  }
  const [, name] = splitPath(output);
  if (!isPartName(name)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot write parts of ${output}: their names are letters, digits, spaces, ".", "-" and "_"`,
    );
  }
  const parts: FilePart[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    const suffix = `.part-${String(parts.length + 1).padStart(3, "0")}`;
    await writeWhole(output + suffix, piece, signal);
    parts.push({ name: name + suffix, bytes: piece.length, crc32c: crc32c(piece) });
  }
  const index: PartsIndex = { format: PARTS_FORMAT, version: 1, parts };
  const path = `${output}.parts.json`;
  await writeWhole(path, new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`), signal);
  return { path, index };
}
