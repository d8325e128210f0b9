/**
 * Files as fewbit writes them today, kept for ever: whatever changes, they are read and mean the same. (That of
 * a program is in `program/version1_test.ts`.) `FEWBIT_WRITE=1` writes those of a new kind.
 */
import assert from "node:assert/strict";
import { TextGenerator } from "../src/pipelines/text/text_generator.ts";
import { VERSION } from "../src/program/format.ts";
import { decodePassageIndex, encodePassageIndex } from "../src/search/passage_index.ts";
import type { PassageIndex } from "../src/search/passage_index.ts";

const vectors = new URL("vectors/", import.meta.url);
const models = new URL("../models/", import.meta.url);

/** The kept file; written first where that is asked for. */
async function kept(name: string, write: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const path = new URL(name, vectors);
  if (Deno.env.get("FEWBIT_WRITE") !== undefined) {
    await Deno.writeFile(path, await write(), { createNew: true });
  }
  return await Deno.readFile(path);
}

Deno.test("versions: programs are written as version 1, as those that ship are", async () => {
  assert.equal(VERSION, 1);
  const files = [...Deno.readDirSync(models)].map(({ name }) => name)
    .filter((name) => name.endsWith(".fewbit"));
  assert.ok(files.length >= 3);
  for (const name of files) {
    const bytes = await Deno.readFile(new URL(name, models));
    assert.equal(new TextDecoder().decode(bytes.subarray(0, 4)), "FEWB", name);
    assert.equal(new DataView(bytes.buffer).getUint32(4, true), 1, name);
  }
});

Deno.test("versions: what ships is the heading of a card, which tells its licence, and of a model what it is of", async () => {
  const names = [...Deno.readDirSync(models)].map(({ name }) => name);
  const cards: string[] = [];
  for (const name of names.filter((name) => name.endsWith(".md"))) {
    const text = await Deno.readTextFile(new URL(name, models));
    cards.push(...text.split(/^(?=# )/m));
  }
  for (const name of names.filter((name) => !name.endsWith(".md"))) {
    const card = cards.find((card) => card.split("\n")[0].slice(2).split(", ").includes(name));
    assert.ok(card !== undefined, `${name} has no card`);
    assert.match(card, /\blicence\b/i, name);
    if (!name.endsWith(".fewbit")) continue;
    for (const part of ["Network", "Data", "Numbers", "Limits", "Licence"]) {
      assert.match(card, new RegExp(`^- \\*\\*${part}\\*\\*`, "m"), `${name}: ${part}`);
    }
  }
});

const INDEX: PassageIndex = {
  model: { id: "00ff", name: "tiny", source: "/models/tiny.fewbit" },
  dimension: 4,
  sizes: { tokens: 8, overlap: 2 },
  files: [{
    path: "/notes/cats.txt",
    size: 23,
    modified: 1764374400000,
    sha256: "ab".repeat(32),
    passages: [
      { firstLine: 1, lastLine: 2, text: "the cat sat", row: Int8Array.of(127, -127, 0, 1) },
      { firstLine: 2, lastLine: 2, text: "on the mat.", row: Int8Array.of(1, 2, 3, -4) },
    ],
  }],
};

Deno.test("versions: an index of version 1", async () => {
  const bytes = await kept("version1.index", () => encodePassageIndex(INDEX));
  assert.deepEqual(await decodePassageIndex(bytes), INDEX);
});

Deno.test("versions: a saved session goes on where it was", async () => {
  using lm = await TextGenerator.fromPretrained(new URL("hgrn-shakespeare.fewbit", models));
  const bytes = await kept("version1.session", async () => {
    using session = lm.session();
    for await (const _ of session.generate("ROMEO:\n", { seed: 7, maxTokens: 12 }));
    return await session.save();
  });
  using session = lm.session(bytes);
  let text = "";
  for await (const piece of session.generate(undefined, { maxTokens: 12 })) text += piece.text;
  assert.equal(text, ".\n\nBUCKINGHAM:\nthat");
});
