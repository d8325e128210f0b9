import assert from "node:assert/strict";
import { isGone, newOwner } from "../../src/files/_lock_owner.ts";
import { withFileLock } from "../../src/files/file_lock.ts";
import { withFolder } from "./_temporary.ts";

const COUNTER = new URL("_counter.ts", import.meta.url).pathname;

function counter(path: string, times: string): Deno.ChildProcess {
  const args = ["run", "-qA", COUNTER, path, times];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
}

/** Takes a lock, or says why not; where another has it, after a while. */
async function lockSoon(path: string): Promise<string> {
  const options = { signal: AbortSignal.timeout(5000) };
  return await withFileLock(path, () => Promise.resolve("mine"), options)
    .catch(({ code, message }) => `${code}: ${message}`);
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
    const reason = new Error("enough");
    const controller = new AbortController();
    const onWait = (): void => {
      waits++;
      setTimeout(() => controller.abort(reason), 120);
    };
    const never = (): Promise<never> => Promise.reject(new Error("both have the lock"));
    const { signal } = controller;
    await assert.rejects(withFileLock(path, never, { signal, onWait }), reason);
    assert.equal(waits, 1);
    const next = lockSoon(path);
    holder.kill("SIGKILL");
    assert.equal(await next, "mine");
    await reader.cancel();
    await holder.status;
  });
});

/** A lock that somebody has, or had. */
async function placeLock(folder: string, owner: string): Promise<void> {
  await Deno.mkdir(`${folder}/.x.lock`);
  await Deno.writeTextFile(`${folder}/.x.lock/${owner}`, "");
}

Deno.test("lock: one whose owner is surely gone is taken, 4 kinds", async () => {
  const mine = await newOwner();
  const replaced = (at: number, value: string): string => mine.split("-").with(at, value).join("-");
  // More than a system has.
  const owners = [replaced(0, "99999999"), ...Deno.build.os === "linux" ? [replaced(1, "1")] : []];
  for (const owner of owners) {
    await withFolder(async (folder) => {
      await placeLock(folder, owner);
      assert.equal(await lockSoon(`${folder}/x`), "mine");
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    });
  }
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/.x.lock`);
    assert.equal(await lockSoon(`${folder}/x`), "mine");
  });
  if (Deno.build.os !== "linux") return;
  // A shell whose child has ended and that does not ask how: the child is a zombie.
  const script = "sleep 0 & echo $!; exec sleep 20";
  const parent = new Deno.Command("sh", { args: ["-c", script], stdout: "piped" }).spawn();
  const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const pid = (await reader.read()).value!.trim();
  const state = (): string => Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1];
  while (!state().startsWith("Z")) await new Promise((resolve) => setTimeout(resolve, 10));
  const began = state().split(" ")[19];
  assert.equal(await isGone(mine.split("-").with(0, pid).with(1, began).join("-")), true);
  parent.kill();
  await parent.status;
  await reader.cancel();
});

Deno.test("lock: one that somebody has elsewhere is waited for, and whose it is is said", async () => {
  const mine = await newOwner();
  const elsewhere = mine.split("-").with(0, "99999999").with(2, "other%2Dhost").join("-");
  assert.equal(await isGone(mine), false);
  for (const [owner, told] of [[elsewhere, "99999999 of other-host"], [mine, `${Deno.pid} of `]]) {
    await withFolder(async (folder) => {
      await placeLock(folder, owner);
      const said: string[] = [];
      const reason = new Error("enough");
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 120);
      const work = withFileLock(`${folder}/x`, () => Promise.reject(new Error("both have it")), {
        signal: controller.signal,
        onWait: (owner) => said.push(owner),
      });
      await assert.rejects(work, reason);
      assert.equal(said.length, 1);
      assert.ok(said[0].startsWith(`process ${told}`), said[0]);
      assert.ok(said[0].endsWith(`remove ${folder}/.x.lock`), said[0]);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [".x.lock"]);
    });
  }
});

Deno.test("lock: what is no lock stays, and is refused by name", async () => {
  await withFolder(async (folder) => {
    await placeLock(folder, "precious");
    const refused = /^invalid_argument: .*lock is no lock of fewbit; remove it$/;
    assert.match(await lockSoon(`${folder}/x`), refused);
    assert.equal(await Deno.readTextFile(`${folder}/.x.lock/precious`), "");
    await Deno.writeTextFile(`${folder}/.y.lock`, "precious");
    assert.match(await lockSoon(`${folder}/y`), refused);
    assert.equal(await Deno.readTextFile(`${folder}/.y.lock`), "precious");
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
