/** Where models are found that ship. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";

Deno.test("entries: what ships and is found nowhere is a typed error", async () => {
  // The same file elsewhere, as in a bundle, and nothing installed.
  const folder = await Deno.makeTempDir();
  try {
    const sources = new URL("../../src/", import.meta.url);
    const text = await Deno.readTextFile(new URL("checkpoints/shipped_files.ts", sources));
    await Deno.writeTextFile(
      `${folder}/bundle.ts`,
      text.replace('"../errors.ts"', JSON.stringify(new URL("errors.ts", sources).href)),
    );
    const { shippedFile } = await import(`file://${folder}/bundle.ts`);
    assert.throws(() => shippedFile("hgrn-bit-shakespeare.fewbit"), (error) => {
      assert.ok(error instanceof FewbitError);
      assert.equal(error.code, "not_found");
      assert.match(error.message, /`import model from "@fewbit\/models\/hgrn-bit-shakespeare"`/);
      return true;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
