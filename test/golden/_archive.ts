/** Tests on archives of the shared data. */
import assert from "node:assert/strict";
import { absent, SHARED } from "./_shared.ts";

/** Defines a test that works in the unpacked archive; it is skipped where the archive is absent. */
export function withArchive(
  name: string,
  archive: string,
  run: (folder: string, t: Deno.TestContext) => Promise<void>,
): void {
  const path = `${SHARED}/${archive}`;
  Deno.test({
    name,
    ignore: absent(path),
    fn: async (t) => {
      const folder = await Deno.makeTempDir();
      try {
        const tar = new Deno.Command("tar", { args: ["-xJf", path, "-C", folder] });
        assert.ok((await tar.output()).success, "tar failed");
        await run(folder, t);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
