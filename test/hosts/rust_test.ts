import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { followReadme } from "./_follow_readme.ts";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

const WASM = fileURLToPath(new URL("../../wasm/fewbit.simd.wasm", import.meta.url));
const PICTURE = fileURLToPath(
  new URL("../../examples/fashion/000-ankle-boot.png", import.meta.url),
);
const PIXELS = fileURLToPath(new URL("../../examples/hosts/pixels.py", import.meta.url));

Deno.test({
  name: "hosts: wasmi in Rust gives the same logits and ids, without JavaScript",
  ignore: missing("cargo"),
  fn: async (t) => {
    using folder = scratchFolder();
    const cwd = fileURLToPath(new URL("../../examples/hosts/rust", import.meta.url));
    const target = ["--target-dir", folder.path];
    await capture("cargo", ["build", "--release", "--locked", "--quiet", ...target], { cwd });
    const binary = `${folder.path}/release/fewbit-hosts`;

    await t.step("classify", async () => {
      const input = `${folder.path}/pixels.bin`;
      await Deno.writeFile(input, pixels());
      const output = await capture(binary, ["classify", WASM, fileURLToPath(MODEL), input]);
      const bits = /logits_f32 ([0-9a-f]+)/.exec(output)?.[1] ?? "";
      const hash = createHash("sha256").update(bits, "hex").digest("hex");
      assert.equal(hash, await hashOn("wasm-simd"));
    });

    await t.step("README", () => followReadme("Rust", { CARGO_TARGET_DIR: folder.path }));

    await t.step("sizes are checked", async () => {
      const input = `${folder.path}/few.bin`;
      await Deno.writeFile(input, pixels().subarray(1));
      await assert.rejects(
        capture(binary, ["classify", WASM, fileURLToPath(MODEL), input]),
        /pixels: 783 bytes, 784 expected/,
      );
    });

    await t.step("a picture's pixels by pixels.py", async () => {
      const input = `${folder.path}/boot.bin`;
      await capture("python3", [PIXELS, PICTURE, input]);
      const output = await capture(binary, ["classify", WASM, fileURLToPath(MODEL), input]);
      assert.match(output, /^class 9$/m);
    });

    await t.step("generate", async () => {
      const numbers = [GREEDY.length, ...PROMPT].map(String);
      const output = await capture(binary, [
        "generate",
        WASM,
        fileURLToPath(LANGUAGE_MODEL),
        ...numbers,
      ]);
      assert.equal(output.trim(), GREEDY.join(" "));
    });
  },
});
