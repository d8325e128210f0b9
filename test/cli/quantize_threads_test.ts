/** `fewbit quantize --workers`: the same bytes by one thread and by three, as the plan says; Ctrl-C ends them all. */
import assert from "node:assert/strict";
import { withFolder } from "../files/_temporary.ts";
import { fewbit, start } from "./_fewbit.ts";
import { writeTinyLlama } from "./_tiny_llama.ts";

const windowsOf = (count: number): string =>
  JSON.stringify(
    Array.from(
      { length: count },
      (_, i) => Array.from({ length: 20 }, (_, j) => 3 + (i * 37 + j * 11) % 250),
    ),
  );

Deno.test("cli: quantize has the same bytes by one thread and by three, and says how many", async () => {
  await withFolder(async (folder) => {
    const path = (name: string): string => `${folder}/${name}`;
    await writeTinyLlama(path("tiny.bin"), path("tok261.bin"));
    await Deno.writeTextFile(path("windows.json"), windowsOf(9));
    const files: Uint8Array[] = [];
    for (
      const [workers, says] of [["1", /, 1 thread; then learning, at most 30 min/], [
        "3",
        /, 3 threads; then/,
      ]] as const
    ) {
      const output = path(`${workers}.fewbit`);
      const { code, err } = await fewbit([
        ...["quantize", path("tiny.bin"), "--bits", "w4a8g32", "--windows", "5", "--check", "1"],
        ...["--calibration", path("windows.json"), "--workers", workers, "-o", output],
      ]);
      assert.equal(code, 0, err);
      assert.match(err, says);
      files.push(await Deno.readFile(output));
    }
    assert.deepEqual(files[0], files[1]);
    const wrong = await fewbit(["quantize", path("tiny.bin"), "--workers", "0"]);
    assert.match(wrong.err, /Option --workers is "0", expected 1 to 64/);
  });
});

Deno.test({
  name: "cli: Ctrl-C ends a calibration of several threads",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withFolder(async (folder) => {
      const path = (name: string): string => `${folder}/${name}`;
      await writeTinyLlama(path("tiny.bin"), path("tok261.bin"));
      // Enough for a minute.
      await Deno.writeTextFile(path("windows.json"), windowsOf(4096));
      const child = start([
        ...["quantize", path("tiny.bin"), "--bits", "w4a8", "--windows", "4000", "--check", "1"],
        ...["--calibration", path("windows.json"), "--workers", "2", "-o", path("model.fewbit")],
      ], { stdin: "null" });
      const out = new Response(child.stdout).arrayBuffer();
      let said = "";
      let signalled = 0;
      for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
        said += piece;
        // Its threads are there when it says how many.
        if (signalled > 0 || !said.includes("2 threads")) continue;
        signalled = performance.now();
        child.kill("SIGINT");
      }
      const { code } = await child.status;
      await out;
      assert.equal(code, 130, said);
      assert.ok(performance.now() - signalled < 3000, said);
      assert.match(said, /fewbit: interrupted\n$/);
    });
  },
});
