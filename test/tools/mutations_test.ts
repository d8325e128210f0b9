/** What `deno task mutate` changes is there to be changed, and so are the tests that have to notice. */
import assert from "node:assert/strict";
import { MUTATIONS } from "../../tools/mutations/mod.ts";

const root = new URL("../../", import.meta.url);

Deno.test("mutations: each text stands once in its file, and changes it", () => {
  const wrong = MUTATIONS.filter(({ file, find, replace }) =>
    find === replace || Deno.readTextFileSync(new URL(file, root)).split(find).length !== 2
  );
  assert.deepEqual(wrong.map(({ file, find }) => `${file}: ${find}`), []);
});

Deno.test("mutations: their tests are there", async () => {
  const files = MUTATIONS.map(({ tests }) => tests.filter((test) => !test.startsWith("--filter=")));
  assert.ok(files.every(({ length }) => length > 0));
  for (const path of new Set(files.flat())) {
    await Deno.stat(new URL(path, root));
  }
});
