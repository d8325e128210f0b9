/**
 * Adds to a number in a file under its lock, or holds the lock: `deno run -A _counter.ts PATH TIMES`,
 * `deno run -A _counter.ts PATH hold`.
 */
import { withFileLock } from "../../src/files/file_lock.ts";

const [path, times] = Deno.args;
if (times === "hold") {
  await withFileLock(path, async () => {
    console.log("locked");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
}
for (let i = 0; i < Number(times); i++) {
  await withFileLock(path, async () => {
    const number = Number(await Deno.readTextFile(path));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await Deno.writeTextFile(path, String(number + 1));
  });
}
