/** What the small entry for embeddings leaves out is refused by name; the whole of fewbit has it. */
import assert from "node:assert/strict";

/** Reads a tokenizer in a process of its own, in which nothing else was imported. */
async function read(entry: string, type: string): Promise<string> {
  const module = new URL(`../../${entry}`, import.meta.url).href;
  const code = `import { Tokenizer } from "${module}";
    const model = { type: "WordLevel", unk_token: "?", vocab: { "?": 0, "1": 1, "É": 2 } };
    try {
      const tokenizer = Tokenizer.fromJson({ model, normalizer: { type: "${type}" } });
      console.log([...tokenizer.encode("\\u2460").ids, ...tokenizer.encode("E\\u0301").ids].join());
    } catch (error) {
      console.log(error.code);
    }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("NFKC and NFKD are known to the whole of fewbit, and refused by the entry for embeddings", async () => {
  assert.equal(await read("src/embedder.ts", "NFKC"), "unsupported");
  assert.equal(await read("src/embedder.ts", "NFKD"), "unsupported");
  assert.equal(await read("src/embedder.ts", "NFC"), "0,2");
  assert.equal(await read("mod.ts", "NFKC"), "1,2");
});
