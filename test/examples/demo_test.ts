/** `deno task demo`, in a pipe. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

Deno.test("demo: all pictures are right, with no more than the right to read, and a pipe gets no colours", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-read=.", "examples/demo.ts"],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(text, /^12 of 12 as the data set says/m);
  assert.ok(!text.includes("\x1b"));
});
