import assert from "node:assert/strict";
import { readZip, readZipEntry } from "../../src/formats/zip.ts";
import { assertRejects, assertThrows } from "./_assert.ts";
import { join, utf8 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";
import { buildZip } from "./_zip_builder.ts";

const FILES = [
  { name: "a/stored", data: utf8("stored") },
  { name: "a/deflated", data: utf8("deflated ".repeat(100)), deflate: true },
  { name: "a/empty", data: new Uint8Array() },
];

async function readAll(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const entry of readZip(bytes).values()) {
    contents.set(entry.name, await readZipEntry(entry, 10_000));
  }
  return contents;
}

Deno.test("zip: stored and deflated entries read, with comments and zip64", async () => {
  const archives = [
    await buildZip(FILES),
    await buildZip(FILES, { zip64: true }),
    await buildZip(FILES, { comment: "PK\x05\x06 and more that looks like an end record" }),
  ];
  const expected = new Map(FILES.map(({ name, data }): [string, Uint8Array] => [name, data]));
  for (const archive of archives) assert.deepEqual(await readAll(archive), expected);
});

Deno.test("zip: broken archives are refused", async () => {
  const archive = await buildZip(FILES);
  const directory = archive.length - 22 -
    FILES.reduce((sum, { name }) => sum + 46 + name.length, 0);
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /no end record/],
    [archive.subarray(0, -1), /no end record/],
    [join(archive, [0]), /no end record/],
    [archive.with(-12, 4), /is not in the central directory/],
    [archive.with(-6, 0xff), /the central directory passes the end/],
    [archive.with(directory, 0), /entry 0 of 3 is not in the central directory/],
    [archive.with(directory + 28, 0xff), /entry 0 passes the end of the directory/],
    [archive.with(directory + 42, 1), /"a\/stored" has no local header at 1/],
    [archive.with(directory + 23, 1), /"a\/stored" passes the file's/],
    [await buildZip([FILES[0], FILES[0]]), /"a\/stored" exists twice/],
    [archive.with(-12, 4).with(-14, 4), /entry 3 of 4 is not in the central directory/],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => readZip(bytes), "invalid_file", message);
  }
  const encrypted = archive.with(directory + 8, 1);
  assertThrows(() => readZip(encrypted), "unsupported", /"a\/stored" is encrypted/);
});

Deno.test("zip: entries may not overlap, so that a small archive stays small", async () => {
  const archive = await buildZip([{ name: "a", data: utf8("1") }, { name: "b", data: utf8("2") }]);
  const second = archive.length - 22 - 47;
  const shared = archive.with(second + 42, 0);
  assertThrows(() => readZip(shared), "invalid_file", /"b" overlaps another/);
});

Deno.test("zip: entries that are not as described are refused", async () => {
  const archive = await buildZip(FILES);
  const entries = readZip(archive);
  const stored = entries.get("a/stored")!;
  const deflated = entries.get("a/deflated")!;
  const twoSizes = readZipEntry({ ...stored, size: 5 }, 10_000);
  await assertRejects(twoSizes, "invalid_file", /has two sizes/);
  const short = readZipEntry({ ...deflated, size: 901 }, 10_000);
  await assertRejects(short, "invalid_file", /inflates to 900 bytes, expected 901/);
  const long = readZipEntry({ ...deflated, size: 899 }, 10_000);
  await assertRejects(long, "limit_exceeded", /exceeds 899 bytes/);
  await assertRejects(readZipEntry(deflated, 899), "limit_exceeded", /the limit is 899/);
  const corrupt = readZipEntry({ ...deflated, data: utf8("\x07\x07") }, 10_000);
  await assertRejects(corrupt, "invalid_file", /compressed data is corrupt/);
  const method = readZipEntry({ ...stored, method: 12 }, 10_000);
  await assertRejects(method, "unsupported", /compression method 12/);
});

Deno.test("zip: damaged archives are read or refused", async () => {
  await checkMutations(await buildZip(FILES), readAll, 4_000);
  await checkMutations(await buildZip(FILES, { zip64: true }), readAll);
});
