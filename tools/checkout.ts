/** Copies of the tree, as it is or as it was, in folders of their own. */

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

/** Copies the tree as it is, without what git ignores, into a folder. */
export async function copyOfTree(folder: string): Promise<void> {
  const list = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  for (const path of list.split("\0").filter((each) => each !== "")) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    // One that is deleted is in the list until that is committed.
    await Deno.copyFile(`${root}${path}`, target).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: root }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}
