import assert from "node:assert/strict";
import { withFileLock } from "../../src/files/file_lock.ts";
import { withFolder } from "./_temporary.ts";

const COUNTER = new URL("_counter.ts", import.meta.url).pathname;

function counter(path: string, times: string): Deno.ChildProcess {
  const args = ["run", "-qA", COUNTER, path, times];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
}

Deno.test("lock: three processes add 40 each, and none is lost", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/number`;
    await Deno.writeTextFile(path, "0");
    const all = await Promise.all([1, 2, 3].map(() => counter(path, "40").output()));
    assert.ok(all.every(({ success }) => success));
    assert.equal(await Deno.readTextFile(path), "120");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["number"]);
  });
});

Deno.test("lock: waiting ends with an abort, the lock with its process", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/number`;
    const holder = counter(path, "hold");
    const reader = holder.stdout.getReader();
    await reader.read();
    let waits = 0;
    const onWait = (): void => void waits++;
    const reason = new Error("enough");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 120);
    const never = (): Promise<never> => Promise.reject(new Error("both have the lock"));
    const { signal } = controller;
    await assert.rejects(withFileLock(path, never, { signal, onWait }), reason);
    assert.equal(waits, 1);
    const next = withFileLock(path, () => Promise.resolve("mine"));
    holder.kill("SIGKILL");
    assert.equal(await next, "mine");
    await reader.cancel();
    await holder.status;
  });
});

Deno.test("lock: a link in its place is not followed", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/precious`, "precious");
    await Deno.symlink("precious", `${folder}/.x.lock`);
    await assert.rejects(withFileLock(`${folder}/x`, () => Promise.resolve()), {
      code: "invalid_argument",
    });
    assert.equal(await Deno.readTextFile(`${folder}/precious`), "precious");
  });
});
