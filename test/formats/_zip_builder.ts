import { join, littleEndian as le, utf8 } from "./_join.ts";

/** A file to put into an archive. */
export interface ZipFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
}

/** Builds a zip archive, with all sizes and offsets in zip64 records if asked. */
export async function buildZip(
  files: readonly ZipFile[],
  { zip64 = false, comment = "" } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data, deflate = false } of files) {
    const stored = deflate ? await deflateRaw(data) : data;
    const common = [20, 0, 0, 0, deflate ? 8 : 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const sizes = [...le(stored.length, 4), ...le(data.length, 4)];
    const names = le(utf8(name).length, 2);
    const header = join(utf8("PK\x03\x04"), common, sizes, names, [0, 0], utf8(name));
    const extra = zip64
      ? join([1, 0, 24, 0], le(data.length, 8), le(stored.length, 8), le(offset, 8))
      : [];
    central.push(join(
      utf8("PK\x01\x02"),
      [20, 0, ...common],
      zip64 ? new Array(8).fill(0xff) : sizes,
      [...names, ...le(extra.length, 2), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      zip64 ? new Array(4).fill(0xff) : le(offset, 4),
      utf8(name),
      extra,
    ));
    local.push(header, stored);
    offset += header.length + stored.length;
  }
  const directory = join(...central);
  const count = zip64 ? 0xffff : files.length;
  return join(
    ...local,
    directory,
    zip64 ? end64(files.length, directory.length, offset) : [],
    utf8("PK\x05\x06"),
    [0, 0, 0, 0, ...le(count, 2), ...le(count, 2)],
    zip64 ? new Array(8).fill(0xff) : [...le(directory.length, 4), ...le(offset, 4)],
    le(utf8(comment).length, 2),
    utf8(comment),
  );
}

function end64(count: number, size: number, offset: number): Uint8Array {
  return join(
    utf8("PK\x06\x06"),
    [...le(44, 8), 45, 0, 45, 0, ...le(0, 8), ...le(count, 8), ...le(count, 8)],
    [...le(size, 8), ...le(offset, 8)],
    utf8("PK\x06\x07"),
    [...le(0, 4), ...le(offset + size, 8), ...le(1, 4)],
  );
}

async function deflateRaw(data: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([join(data)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
