/** Tests on archives of the shared data. */
import assert from "node:assert/strict";

const SHARED = Deno.env.get("FEWBIT_SHARED") ?? "../shared";

/** Defines a test that works in the unpacked archive, or says why it is skipped. */
export function withArchive(
  name: string,
  archive: string,
  run: (folder: string, t: Deno.TestContext) => Promise<void>,
): void {
  const path = `${SHARED}/${archive}`;
  const ignore = !exists(path);
  if (ignore) console.log(`skipped: ${name}: there is no file ${path}`);
  Deno.test({
    name,
    ignore,
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

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
