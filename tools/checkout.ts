/** Files of a revision in a folder of their own; git's own list of work trees stays as it is. */

const root = new URL("../", import.meta.url).pathname;

/**
 * Writes all files of a revision into a folder.
 *
 * @throws Where git does not know the revision.
 */
export async function checkout(revision: string, folder: string): Promise<void> {
  const archive = `${folder}.tar`;
  await run("git", ["archive", "--format=tar", `--output=${archive}`, revision]);
  await Deno.mkdir(folder, { recursive: true });
  await run("tar", ["-xf", archive, "-C", folder]);
  await Deno.remove(archive);
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, cwd: root }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr).trim()}`);
}
