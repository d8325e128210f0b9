/** Models in parts: whatever a host gives them as, and whatever is wrong with them. */
import assert from "node:assert/strict";
import { readParts } from "../../src/engines/parts.ts";
import type { PartsIndex } from "../../src/engines/parts.ts";
import type { ProgramPart } from "../../src/engines/wasm/load.ts";
import { load } from "../../src/runtime.ts";
import { loadGenerator } from "../../src/generator.ts";
import { crc32c } from "../../src/program/crc32c.ts";

const FILE = await Deno.readFile(new URL("../../models/stories260k.fewbit", import.meta.url));
const SIZE = 100_000;
const BYTES: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  Array.from(
    { length: Math.ceil(FILE.length / SIZE) },
    (_, i) => [`model.part-${i + 1}`, FILE.slice(i * SIZE, (i + 1) * SIZE)],
  ),
);
const INDEX: PartsIndex = {
  format: "fewbit-parts",
  version: 1,
  parts: [...BYTES].map(([name, bytes]) => ({ name, bytes: bytes.length, crc32c: crc32c(bytes) })),
};

/** Opens parts in one of the ways that a host has them. */
const WAYS: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => ProgramPart>> = {
  bytes: (bytes) => bytes,
  response: (bytes) => new Response(bytes),
  blob: (bytes) => new Blob([bytes]),
  stream: (bytes) => new Blob([bytes]).stream(),
};

const read = (
  change: (name: string) => ProgramPart | Promise<ProgramPart> = (name) => BYTES.get(name)!,
  index: unknown = INDEX,
) => load(readParts(index, change), { symbols: { max_rows: 1 } });

Deno.test("parts are loaded in every way that hosts have them, with the index and without", async () => {
  using whole = await load(FILE, { symbols: { max_rows: 1 } });
  for (const way of Object.values(WAYS)) {
    using indexed = await read((name) => Promise.resolve(way(BYTES.get(name)!)));
    using listed = await load([...BYTES.values()].map(way), { symbols: { max_rows: 1 } });
    for (const instance of [indexed, listed]) assert.equal(instance.id, whole.id);
  }
  using lm = await loadGenerator(readParts(INDEX, (name) => new Response(BYTES.get(name)!)));
  assert.equal(lm.vocabularySize, 512);
});

Deno.test("a part that is damaged, missing, or another one is named", async () => {
  const damaged = (bytes: Uint8Array<ArrayBuffer>) => bytes.with(bytes.length >> 1, 7 ^ bytes[9]);
  const wrong: readonly (readonly [
    what: string,
    open: (name: string) => ProgramPart,
    code: string,
    message: RegExp,
  ])[] = [
    [
      "damaged",
      (name) => damaged(BYTES.get(name)!),
      "invalid_file",
      /Cannot load model\.part-1: its checksum/,
    ],
    [
      "short",
      (name) => BYTES.get(name)!.subarray(0, -1),
      "invalid_file",
      /model\.part-1: it has 99999 bytes, the index says 100000/,
    ],
    [
      "long",
      (name) => new Blob([BYTES.get(name)!, "x"]),
      "invalid_file",
      /model\.part-1: it has more than the 100000 bytes/,
    ],
    ["empty", () => new Uint8Array(0), "invalid_file", /model\.part-1: it has 0 bytes/],
    [
      "swapped",
      (name) => BYTES.get(name === "model.part-1" ? "model.part-2" : "model.part-1")!,
      "invalid_file",
      /./,
    ],
    ["missing", () => new Response("", { status: 404 }), "not_found", /HTTP status 404/],
  ];
  for (const [what, open, code, message] of wrong) {
    await assert.rejects(read(open), { code, message }, what);
    // Of a later part the same is said.
    const later = (name: string) =>
      name === "model.part-2" ? open("model.part-1") : BYTES.get(name)!;
    if (what !== "swapped") await assert.rejects(read(later), { code }, what);
  }
  await assert.rejects(read(() => Promise.reject(new TypeError("no network"))), TypeError);
});

Deno.test("parts that an index has in another order, or not all of, are no model", async () => {
  const { parts } = INDEX;
  const indexed = (parts: unknown) => read(undefined, { ...INDEX, parts });
  await assert.rejects(indexed([parts[1], parts[0], ...parts.slice(2)]), { code: "invalid_file" });
  await assert.rejects(indexed([parts[0], parts[2], parts[1], ...parts.slice(3)]), {
    code: "invalid_file",
  });
  await assert.rejects(indexed(parts.slice(0, -1)), { code: "invalid_file" });
  await assert.rejects(indexed([...parts, parts[0]]), { code: "invalid_file" });
  const list = [...BYTES.values()];
  for (const given of [list.slice(1), list.slice(0, -1), list.toReversed(), [...list, list[0]]]) {
    await assert.rejects(load(given), { code: "invalid_file" });
  }
  await assert.rejects(load([]), { code: "invalid_file" });
});

Deno.test("an index that is none, or names what is no neighbour, is refused before anything is opened", async () => {
  const part = INDEX.parts[0];
  const bad: readonly unknown[] = [
    null,
    7,
    "x",
    [],
    {},
    { ...INDEX, format: "parts" },
    { ...INDEX, parts: [] },
    { ...INDEX, parts: {} },
    { ...INDEX, parts: [null] },
    { ...INDEX, parts: Array(1000).fill(part) },
    ...[
      "",
      "..",
      "../x",
      "/etc/passwd",
      "a/b",
      "a\\b",
      "http://x",
      "data:,x",
      "a?b",
      "a#b",
      ".x",
      "a\n",
      7,
    ].map(
      (name) => ({ ...INDEX, parts: [{ ...part, name }] }),
    ),
    ...[0, -1, 0.5, NaN, 2 ** 60, "1"].map((bytes) => ({ ...INDEX, parts: [{ ...part, bytes }] })),
    ...[null, "x", 0.5].map((crc32c) => ({ ...INDEX, parts: [{ ...part, crc32c }] })),
  ];
  for (const index of bad) {
    const open = () => assert.fail("opened");
    await assert.rejects(read(open, index), { code: "invalid_file" }, JSON.stringify(index));
  }
  await assert.rejects(read(undefined, { ...INDEX, version: 2 }), { code: "unsupported" });
});

Deno.test("parts stop with the signal's reason, and what is open is closed", async () => {
  const stop = new AbortController();
  let canceled = 0;
  const endless = new ReadableStream({
    pull: () => {},
    cancel: () => void canceled++,
  });
  const reading = load(readParts(INDEX, () => endless, { signal: stop.signal }));
  setTimeout(() => stop.abort(new Error("enough")), 5);
  await assert.rejects(reading, /enough/);
  assert.equal(canceled, 1);
});

Deno.test("parts stop with the signal's reason while one is being fetched", async () => {
  const stop = new AbortController();
  const never = new Promise<Response>(() => {});
  const reading = load(readParts(INDEX, () => never, { signal: stop.signal }));
  setTimeout(() => stop.abort(new Error("enough")), 5);
  await assert.rejects(reading, /enough/);
});
