import assert from "node:assert/strict";
import * as workerd from "workerd";
import { hashOn, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

Deno.test("hosts: workerd gives the same logits and ids, module at top level", async () => {
  using folder = scratchFolder();
  const worker = new URL("./worker/", import.meta.url);
  for (const name of ["worker.js", "config.capnp"]) {
    await Deno.copyFile(new URL(name, worker), `${folder.path}/${name}`);
  }
  await Deno.copyFile(
    new URL("../../dist/runtime.js", import.meta.url),
    `${folder.path}/runtime.js`,
  );
  await Deno.copyFile(new URL("./_greedy.js", import.meta.url), `${folder.path}/greedy.js`);
  await Deno.copyFile(MODEL, `${folder.path}/classifier.fewbit`);
  await Deno.copyFile(LANGUAGE_MODEL, `${folder.path}/language_model.fewbit`);
  await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
  // A CommonJS module whose default export is the path of the binary.
  const { default: binary } = workerd.default as unknown as { default: string };
  // The free port is told on file descriptor 1 as a line of JSON.
  const process = new Deno.Command(binary, {
    args: ["serve", "config.capnp", "--control-fd=1"],
    cwd: folder.path,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const port = await portOf(process.stdout);
    const request = { method: "POST", body: JSON.stringify([PROMPT, GREEDY.length]) };
    const response = await fetch(`http://127.0.0.1:${port}/`, request);
    assert.deepEqual(await response.json(), { hash: await hashOn("wasm-simd"), ids: GREEDY });
  } finally {
    process.kill();
    await process.status;
  }
});

async function portOf(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  let text = "";
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`workerd ended: ${text}`);
      text += value;
      const match = /"event":"listen".*?"port":(\d+)/.exec(text);
      if (match !== null) return Number(match[1]);
    }
  } finally {
    await reader.cancel();
  }
}
