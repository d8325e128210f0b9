import assert from "node:assert/strict";
import { writeFile } from "../../src/files/write_file.ts";
import { makePipe, withFolder } from "./_temporary.ts";

const WRITER = new URL("_writer.ts", import.meta.url).pathname;

function startWriter(...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), { args: ["run", "-qA", WRITER, ...args] }).spawn();
}

/** Looks at a file until the writers have ended: all bytes must be those of one writer. */
async function lookAt(
  path: string,
  sizes: Record<number, number>,
  done: () => boolean,
): Promise<number> {
  let looks = 0;
  while (!done()) {
    const bytes = await Deno.readFile(path).catch(() => undefined);
    if (bytes === undefined) continue;
    looks++;
    const [value] = bytes;
    assert.equal(bytes.length, sizes[value], `a half file of ${bytes.length} bytes`);
    assert.ok(bytes.every((byte) => byte === value), "a mixed file");
  }
  return looks;
}

Deno.test("files: two processes write one file 1,000 times, and nobody sees a half one", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/model.fewbit`;
    const sizes = { 1: 100_000, 2: 63_000 };
    const writers = Object.entries(sizes).map(([value, size]) =>
      startWriter(path, value, String(size), "500")
    );
    let done = false;
    const all = Promise.all(writers.map(({ status }) => status));
    all.then(() => done = true);
    const looks = await lookAt(path, sizes, () => done);
    assert.ok((await all).every(({ success }) => success), "a writer failed");
    assert.ok(looks > 20, `${looks} looks`);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.fewbit"]);
  });
});

Deno.test("files: a writer that is killed leaves a whole file", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/file`;
    await writeFile(path, new Uint8Array(5).fill(9));
    for (let i = 0; i < 5; i++) {
      const writer = startWriter(path, "3", "20000000", "1000");
      await new Promise((resolve) => setTimeout(resolve, 150 + 60 * i));
      writer.kill("SIGKILL");
      await writer.status;
      const bytes = await Deno.readFile(path);
      const expected = bytes[0] === 9 ? 5 : 20_000_000;
      assert.ok(bytes.length === expected && bytes.every((byte) => byte === bytes[0]));
    }
  });
});

Deno.test("files: no link is followed, 4 kinds, and permissions stay", async () => {
  await withFolder(async (folder) => {
    const at = (name: string): string => `${folder}/${name}`;
    const text = (name: string): Promise<string> => Deno.readTextFile(at(name));
    const model = new TextEncoder().encode("model");
    await Deno.writeTextFile(at("precious"), "precious");
    await Deno.symlink("precious", at("other.partial"));
    await writeFile(at("other"), model);
    await Deno.symlink("precious", at("link"));
    await writeFile(at("link"), model);
    await Deno.symlink("nowhere", at("dangling"));
    await writeFile(at("dangling"), model);
    await Deno.symlink("loop", at("loop"));
    await writeFile(at("loop"), model);
    await Deno.link(at("precious"), at("hard"));
    await writeFile(at("hard"), model);
    for (const name of ["other", "link", "dangling", "loop", "hard"]) {
      assert.equal(await text(name), "model", name);
      assert.ok((await Deno.lstat(at(name))).isFile, name);
    }
    assert.equal(await text("precious"), "precious");
    await assert.rejects(Deno.stat(at("nowhere")), Deno.errors.NotFound);
    await Deno.chmod(at("other"), 0o640);
    await writeFile(at("other"), model);
    assert.equal((await Deno.stat(at("other"))).mode! & 0o777, 0o640);
  });
});

Deno.test("files: 6 places where nothing can be written are refused, and nothing is left", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/sub`);
    const bytes = new Uint8Array(10);
    const cases: readonly (readonly [path: string, code: string])[] = [
      [`${folder}/missing/x`, "not_found"],
      [`${folder}/file/x`, "not_found"],
      [`${folder}/sub`, "invalid_argument"],
      [`${folder}/sub/`, "invalid_argument"],
      [`${folder}/${"x".repeat(300)}`, "invalid_argument"],
      ["/dev/full", "io_error"],
    ];
    for (const [path, code] of cases) await assert.rejects(writeFile(path, bytes), { code }, path);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["file", "sub"]);
  });
});

Deno.test("files: an abort leaves the old file, devices and pipes are written to", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "old");
    let looks = 0;
    const reason = new Error("enough");
    const signal = {
      throwIfAborted: () => {
        if (++looks === 3) throw reason;
      },
    } as unknown as AbortSignal;
    await assert.rejects(writeFile(path, new Uint8Array(9), { signal }), reason);
    assert.equal(await Deno.readTextFile(path), "old");
    assert.equal([...Deno.readDirSync(folder)].length, 1);
    const told: (string | undefined)[] = [];
    await writeFile(path, new Uint8Array(9), { onTemporary: (name) => told.push(name) });
    assert.match(told[0]!, /\.fewbit-.*\.partial$/);
    assert.equal(told[1], undefined);
    await writeFile("/dev/null", new Uint8Array(9));
    await makePipe(`${folder}/pipe`);
    const reader = new Deno.Command("cat", { args: [`${folder}/pipe`], stdout: "piped" }).spawn();
    await writeFile(`${folder}/pipe`, new TextEncoder().encode("through"));
    assert.equal(new TextDecoder().decode((await reader.output()).stdout), "through");
    assert.ok((await Deno.lstat(`${folder}/pipe`)).isFifo);
  });
});

Deno.test("files: a link that lies at the temporary name is not followed", async () => {
  const { randomUUID } = crypto;
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/precious`, "precious");
    crypto.randomUUID = () => "00000000-0000-4000-8000-000000000000";
    try {
      await Deno.symlink(
        "precious",
        `${folder}/.fewbit-00000000-0000-4000-8000-000000000000.partial`,
      );
      await assert.rejects(writeFile(`${folder}/model`, Uint8Array.of(1)));
    } finally {
      crypto.randomUUID = randomUUID;
    }
    assert.equal(await Deno.readTextFile(`${folder}/precious`), "precious");
  });
});
