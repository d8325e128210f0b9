import assert from "node:assert/strict";
import { open } from "../../src/files/open_file.ts";
import { blobAccess, fileAccess } from "../../src/formats/random_access.ts";
import { assertRejects } from "./_assert.ts";

Deno.test("random access: parts of a file and of a Blob", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, Uint8Array.from({ length: 100 }, (_, i) => i));
    using file = await Deno.open(path, { read: true, write: true });
    using own = await open(path);
    for (
      const access of [
        fileAccess(file),
        fileAccess(own),
        blobAccess(new Blob([await Deno.readFile(path)])),
      ]
    ) {
      assert.equal(access.size, 100);
      const parts = await Promise.all([access.read(90, 100), access.read(0, 2), access.read(5, 5)]);
      assert.deepEqual(parts.map((part) => part.length), [10, 2, 0]);
      assert.deepEqual([parts[0][0], parts[1][1]], [90, 1]);
    }
    // Deno says the end of a file by null, Node by 0.
    const both = [fileAccess(file), fileAccess(own)];
    await file.truncate(50);
    for (const access of both) {
      const read = access.read(40, 60);
      await assertRejects(read, "invalid_file", /ends at 50, expected bytes up to 60/);
    }
  } finally {
    await Deno.remove(path);
  }
});
