/** The text files of the tree as it is, or as it was at a revision. */

/** Texts of files by their path in the tree. */
export type Tree = ReadonlyMap<string, string>;

const root = new URL("../../", import.meta.url).pathname;
const SOURCES = /\.(?:ts|js|py|go|h|html)$/;
/** Built from the sources, or written by a library for a test. */
const BUILT = /^(?:wasm\/.*\.ts|dist\/.*|test\/vectors\/.*\.json)$/;

const isSource = (path: string): boolean => SOURCES.test(path) && !BUILT.test(path);

/** Sources as they are in the folder, those that git ignores left out. */
export async function currentTree(): Promise<Tree> {
  const list = await git(["ls-files", "--cached", "--others", "--exclude-standard"]);
  const tree = new Map<string, string>();
  for (const path of list.split("\n").filter(isSource).sort()) {
    // One that is deleted is in the list until that is committed.
    const text = await Deno.readTextFile(`${root}${path}`).catch(() => undefined);
    if (text !== undefined) tree.set(path, text);
  }
  return tree;
}

/** Sources as they were at a revision. */
export async function treeAt(revision: string): Promise<Tree> {
  const list = await git(["ls-tree", "-r", "--name-only", revision]);
  const tree = new Map<string, string>();
  for (const path of list.split("\n").filter(isSource).sort()) {
    tree.set(path, await git(["show", `${revision}:${path}`]));
  }
  return tree;
}

/** A revision's short name. */
export async function shortName(revision: string): Promise<string> {
  return (await git(["rev-parse", "--short", revision])).trim();
}

async function git(args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: root }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
