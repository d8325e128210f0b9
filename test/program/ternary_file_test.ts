/** Files with ternary weights, good and damaged: both verifiers and all loaders say the same. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { openProgram } from "../../src/inspect/open.ts";
import { LAYOUTS } from "../../src/layouts/mod.ts";
import { base3Bytes } from "../../src/numeric/base3.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { FEATURES, RECORD_WORDS, TAGS } from "../../src/program/format.ts";
import { ENCODINGS, REGIONS } from "../../src/program/program.ts";
import { ProgramError, verdictOf } from "../../src/program/verdict.ts";
import { DTYPES } from "../../src/tensor.ts";
import { joinFile, splitFile } from "../fuzz/_file_parts.ts";
import type { FileParts } from "../fuzz/_file_parts.ts";
import { rowsProgram } from "./_build.ts";
import { matrices, ternaryProgram } from "./_ternary.ts";
import { verdictOfTypeScript, verdictOfWasm } from "./_verdict.ts";

/** 5 + 33 bytes of trits. */
const SHAPES = [[3, 7], [9, 18]] as const;
const FILE = await encodeProgram(ternaryProgram(matrices(...SHAPES)));
const TRITS = decodeHead(FILE).segments[3];

/** The verdict of both verifiers on both builds. */
function verdict(file: Uint8Array, where = ""): string | undefined {
  const outcome = verdictOfTypeScript(file);
  const look = outcome.loaded ? (): void => {} : undefined;
  for (const build of ["simd", "relaxed"] as const) {
    assert.equal(verdictOfWasm(file, {}, look, build), outcome.verdict, where);
  }
  return verdictOf(outcome.verdict);
}

/** Asserts that all loaders refuse a file for the same reason. */
async function refused(file: Uint8Array<ArrayBuffer>, expected: string): Promise<void> {
  const isExpected = (error: unknown): boolean =>
    error instanceof ProgramError && error.verdict === expected;
  await assert.rejects(loadReference(file), isExpected, "reference");
  await assert.rejects(loadWasm(file, { build: "simd" }), isExpected, "simd");
  await assert.rejects(loadWasm(file, { build: "relaxed" }), isExpected, "relaxed");
}

Deno.test("ternary file: trits follow the state, tensor after tensor", () => {
  const { segments, headBytes, blobBytes } = decodeHead(FILE);
  assert.deepEqual(segments.map(({ kind }) => kind), ["constant", "parameter", "state", "trits"]);
  const weights = matrices(...SHAPES);
  const stored = weights.reduce((sum, { trits }) => sum + base3Bytes(trits.length), 0);
  assert.equal(stored, 38);
  assert.deepEqual([TRITS.length, TRITS.offset + TRITS.length], [64, headBytes + blobBytes]);
  assert.ok(FILE.subarray(TRITS.offset + stored).every((byte) => byte === 0));
  // Base 3 by the digits that `toString` writes.
  const bytes = FILE.subarray(TRITS.offset + base3Bytes(21), TRITS.offset + stored);
  const text = [...bytes].map((byte) => byte.toString(3).padStart(5, "0")).join("");
  assert.deepEqual([...text.slice(0, 9 * 18)].map((d) => +d - 1), [...weights[1].trits]);
});

Deno.test("ternary file: only such a file requires the feature", async () => {
  const features = (file: Uint8Array): number => new DataView(file.buffer).getUint32(24, true);
  assert.equal(features(FILE), FEATURES.trits);
  const other = await encodeProgram(rowsProgram());
  assert.equal(features(other), 0);
  assert.equal(decodeHead(other).segments.length, 3);
});

Deno.test("ternary file: a byte above 242 is bad data", async () => {
  for (const at of [0, 4, 5, 37]) {
    for (let byte = 243; byte < 256; byte++) {
      const parts = splitFile(FILE);
      parts.blob[parts.blob.length - TRITS.length + at] = byte;
      const damaged = joinFile(parts);
      assert.equal(verdict(damaged), "bad_data", `byte ${at} is ${byte}`);
      if (byte === 243) {
        await refused(damaged, "bad_data");
        assert.throws(() => openProgram(damaged), /bad data/);
      }
    }
  }
});

Deno.test("ternary file: a changed byte fails the checksum, also one that is no trits", async () => {
  for (const at of [0, 37, 38, 63]) {
    for (const change of [1, 0xFF]) {
      const damaged = FILE.slice();
      damaged[TRITS.offset + at] ^= change;
      assert.equal(verdict(damaged), "checksum", `byte ${at}`);
      await refused(damaged, "checksum");
      assert.throws(() => openProgram(damaged), /checksum/);
    }
  }
});

Deno.test("ternary file: every truncation and any addition is refused", async () => {
  for (let length = TRITS.offset - 1; length < FILE.length; length++) {
    const cut = FILE.slice(0, length);
    assert.equal(verdict(cut), "truncated");
    await refused(cut, "truncated");
  }
  const longer = new Uint8Array(FILE.length + 1);
  longer.set(FILE);
  const isLonger = (error: unknown): boolean =>
    error instanceof FewbitError && error.code === "invalid_file" && /bytes after/.test(`${error}`);
  await assert.rejects(loadReference(longer), isLonger);
  await assert.rejects(loadWasm(longer), isLonger);
});

/** A copy with other words in the records of a section: `[record, word] → value`. */
function withWords(
  parts: FileParts,
  name: keyof typeof RECORD_WORDS,
  changes: readonly (readonly [record: number, word: number, value: number])[],
): FileParts {
  const sections = parts.sections.map((section) => {
    if (section.tag !== TAGS[name]) return section;
    const bytes = section.bytes.slice();
    const view = new DataView(bytes.buffer);
    for (const [record, word, value] of changes) {
      view.setUint32(4 * (record * RECORD_WORDS[name] + word), value, true);
    }
    return { ...section, bytes };
  });
  return { ...parts, sections };
}

Deno.test("ternary file: encoding, layout, region and type belong together", () => {
  const { program } = decodeHead(FILE);
  const tensor = program.tensors.findIndex(({ encoding }) => encoding === "base3");
  const parts = splitFile(FILE);
  for (const encoding of Object.values(ENCODINGS)) {
    for (const layout of Object.values(LAYOUTS)) {
      for (const region of Object.values(REGIONS)) {
        for (const dtype of [DTYPES.i8, DTYPES.u8, DTYPES.f32]) {
          const file = joinFile(withWords(parts, "tensors", [
            [tensor, 2, region],
            [tensor, 3, dtype],
            [tensor, 4, layout],
            [tensor, 10, encoding],
          ]));
          const good = encoding === ENCODINGS.base3 && layout === LAYOUTS.panel_8x16_t2 &&
            region === REGIONS.constant && dtype === DTYPES.i8;
          const where = `encoding ${encoding}, layout ${layout}, region ${region}, dtype ${dtype}`;
          const found = verdict(file, where);
          assert.equal(found === "ok", good, where);
          const isTernary = encoding === ENCODINGS.base3 || layout === LAYOUTS.panel_8x16_t2;
          if (isTernary && !good) assert.equal(found, "bad_tensor", where);
        }
      }
    }
  }
  const rank = joinFile(withWords(parts, "tensors", [[tensor, 5, 1]]));
  assert.equal(verdict(rank), "bad_tensor");
});

Deno.test("ternary file: extents that are claimed, not there", () => {
  const { program } = decodeHead(FILE);
  const tensor = program.tensors.find(({ encoding }) => encoding === "base3")!;
  const parts = splitFile(FILE);
  const [n, k] = tensor.extents;
  const seen = new Set<string | undefined>();
  const extents = [0, 1, 4, 16, 2 ** 16, 2 ** 20, 2 ** 29, 2 ** 30, 2 ** 31 - 1, 2 ** 31];
  for (const rows of extents) {
    for (const columns of extents) {
      const words = [[n, 0, rows], [k, 0, columns]] as const;
      const found = verdict(
        joinFile(withWords(parts, "expressions", words)),
        `${rows}, ${columns}`,
      );
      // Smaller ones may fit: all sizes are multiples of 64.
      if (Math.max(rows, columns) >= 2 ** 16) assert.notEqual(found, "ok");
      seen.add(found);
    }
  }
  for (const expected of ["bad_expression", "bad_tensor", "too_much_memory", "bad_data"]) {
    assert.ok(seen.has(expected), `${expected} is not among ${[...seen]}`);
  }
});

Deno.test("ternary file: the segment has the size of its tensors, and is there with the feature", () => {
  const parts = splitFile(FILE);
  const resized = (length: number): FileParts => {
    const start = parts.blob.length - TRITS.length;
    const blob = new Uint8Array(start + length);
    blob.set(parts.blob.subarray(0, blob.length));
    return { ...withWords(parts, "segments", [[3, 2, length]]), blob };
  };
  for (const length of [0, 38, 60, 68, 128]) {
    assert.equal(verdict(joinFile(resized(length))), "bad_data", `${length} bytes`);
  }
  assert.equal(verdict(joinFile(resized(64))), "ok");
  for (const features of [2, 3, 2 ** 31]) {
    assert.equal(verdict(joinFile({ ...parts, features })), "unsupported_section");
  }
  assert.equal(verdict(joinFile({ ...parts, features: 0 })), "bad_section");
  const sections = parts.sections.map((section) =>
    section.tag === TAGS.segments ? { ...section, bytes: section.bytes.slice(0, 48) } : section
  );
  assert.equal(verdict(joinFile({ ...parts, sections })), "bad_section");
});
