/** The file of an index. */
import assert from "node:assert/strict";
import { decodePassageIndex, encodePassageIndex } from "../../src/search/passage_index.ts";
import type { PassageIndex } from "../../src/search/passage_index.ts";
import { Random } from "../conformance/_random.ts";

const INDEX: PassageIndex = {
  model: { id: "ab12", name: "tiny", source: "/tmp/tiny.fewbit" },
  dimension: 3,
  sizes: { tokens: 8, overlap: 2 },
  files: [
    {
      path: "/a",
      size: 5,
      modified: 1000,
      sha256: "00",
      passages: [
        { firstLine: 1, lastLine: 2, text: "é\n", row: Int8Array.of(1, -127, 127) },
        { firstLine: 2, lastLine: 2, text: "b", row: Int8Array.of(0, 5, -6) },
      ],
    },
    { path: "/b", size: 0, modified: 0, sha256: "", passages: [] },
    {
      path: "/c",
      size: 1,
      modified: 2,
      sha256: "11",
      passages: [{ firstLine: 1, lastLine: 1, text: "c", row: Int8Array.of(7, 8, 9) }],
    },
  ],
};

Deno.test("an index is read as it was written", async () => {
  const bytes = await encodePassageIndex(INDEX);
  assert.deepEqual(await decodePassageIndex(bytes), INDEX);
  assert.deepEqual(await encodePassageIndex(await decodePassageIndex(bytes)), bytes);
});

Deno.test("a damaged index is a typed error, whatever is damaged", async () => {
  const bytes = await encodePassageIndex(INDEX);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] ^= 1;
    const codes = ["invalid_file", "unsupported"];
    await assert.rejects(
      decodePassageIndex(damaged),
      (error: { code?: string }) => codes.includes(error.code!),
      `byte ${at}`,
    );
    await assert.rejects(decodePassageIndex(bytes.subarray(0, at)), { code: "invalid_file" });
  }
  await assert.rejects(decodePassageIndex(new Uint8Array(1000)), { message: /not one/ });
});

Deno.test("a hostile index with a good checksum is a typed error or an index", async () => {
  const random = new Random(5);
  const values: unknown[] = [null, -1, 1e300, 1.5, "x", [], {}, 2 ** 31, 0, true];
  const mutate = (value: unknown): unknown => {
    if (random.chance(0.1)) return random.pick(values);
    if (Array.isArray(value)) return value.map(mutate);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mutate(item)]));
  };
  const rows = new Int8Array(9);
  let refused = 0;
  for (let i = 0; i < 500; i++) {
    const { files, ...rest } = INDEX;
    const plain = {
      ...rest,
      files: files.map((file) => ({
        ...file,
        passages: file.passages.map((p) => [p.firstLine, p.lastLine, p.text]),
      })),
    };
    const json = new TextEncoder().encode(JSON.stringify(mutate(plain)));
    const bytes = new Uint8Array(48 + json.length + rows.length);
    const view = new DataView(bytes.buffer);
    [0x58494246, 1, json.length, 3].forEach((word, k) => view.setUint32(4 * k, word, true));
    bytes.set(json, 48);
    bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(48))), 16);
    try {
      await decodePassageIndex(bytes);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "invalid_file", String(error));
      refused++;
    }
  }
  assert.ok(refused > 300);
});
