import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";

const SCRIPT = `
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [runtime, model, pixels] = process.argv.slice(2);
const { load } = await import(pathToFileURL(runtime));
for (const engine of ["wasm-simd", "auto"]) {
  const instance = await load(readFileSync(model), { engine });
  const { logits } = await instance.run({ pixels: new Uint8Array(readFileSync(pixels)) });
  console.log(createHash("sha256").update(logits.data).digest("hex"));
  instance[Symbol.dispose ?? Symbol.for("Symbol.dispose")]?.();
}
`;

Deno.test({
  name: "hosts: Node gives the same logits",
  ignore: missing("node"),
  fn: async () => {
    using folder = scratchFolder();
    await Deno.writeTextFile(`${folder.path}/main.mjs`, SCRIPT);
    await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
    const runtime = fileURLToPath(new URL("../../dist/runtime.js", import.meta.url));
    const output = await capture("node", [
      `${folder.path}/main.mjs`,
      runtime,
      fileURLToPath(MODEL),
      `${folder.path}/pixels.bin`,
    ]);
    const expected = await hashOn("wasm-simd");
    assert.deepEqual(output.trim().split("\n"), [expected, expected]);
  },
});
