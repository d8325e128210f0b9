/**
 * `deno task mutate`: changes the code in a way that makes it wrong, and sees whether a test notices.
 *
 *     deno run -A tools/mutate.ts [--file SUBSTRING] [--changed REV] [--sample N] [--minutes M]
 *
 * A mutation is killed where a test fails with an assertion, not with an import or a type; one whose text
 * is not in its file is not. Fails where one is not killed, and prints those once more at the end. `--changed`
 * takes the mutations of files that differ from a revision, `--sample` so many more, picked by the hash of
 * the tree. After `--minutes` no further one begins: the order is that of the hash, so that another tree
 * tries others, and the last line says how many were not reached.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { MUTATIONS } from "./mutations/mod.ts";
import type { Mutation } from "./mutations/mutation.ts";

const root = new URL("../", import.meta.url);
/** Longest time of the tests of a mutation: one that never ends is a poor one. */
const MOST_MS = 300_000;
/** What is changed; the rest of the tree is linked. */
const COPIED = ["src", "test"];

/** A copy of the tree in which files can be changed. */
async function copyOfTree(): Promise<string> {
  const folder = await Deno.makeTempDir();
  for await (const { name } of Deno.readDir(root)) {
    if (name === ".git") continue;
    const from = new URL(name, root).pathname;
    if (COPIED.includes(name)) await run("cp", ["-r", from, `${folder}/${name}`]);
    else await Deno.symlink(from, `${folder}/${name}`);
  }
  return folder;
}

async function run(command: string, args: string[], cwd?: string): Promise<{
  readonly success: boolean;
  /** Whether it ended in time. */
  readonly ended: boolean;
  readonly text: string;
}> {
  const signal = AbortSignal.timeout(MOST_MS);
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    ...cwd !== undefined && { cwd },
    env: { NO_COLOR: "1" },
    signal,
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, ended: !signal.aborted, text: `${decode(stdout)}${decode(stderr)}` };
}

/** What became of a mutation: `killed`, or why it counts as a failure. */
async function outcome(folder: string, { file, find, replace, tests }: Mutation): Promise<string> {
  const path = `${folder}/${file}`;
  const source = await Deno.readTextFile(path);
  if (source.split(find).length !== 2) return "TEXT NOT FOUND ONCE";
  await Deno.writeTextFile(path, source.replace(find, () => replace));
  try {
    const { success, text, ended } = await run(
      Deno.execPath(),
      ["test", "-A", "--no-check", "--config", "test/deno.json", ...tests],
      folder,
    );
    if (success) return "SURVIVED";
    if (!ended) return "DOES NOT END";
    // That of fast-check says so with its counterexample.
    return /^error: (AssertionError|Error: Property failed)/m.test(text)
      ? "killed"
      : "NO ASSERTION FAILED";
  } finally {
    await Deno.writeTextFile(path, source);
  }
}

async function changedFiles(revision: string): Promise<Set<string>> {
  const { text } = await run("git", ["diff", "--name-only", revision], root.pathname);
  return new Set(text.split("\n"));
}

/** Some of the mutations, other ones for another tree, the same for the same. */
async function sampleOf(mutations: readonly Mutation[], count: number): Promise<Mutation[]> {
  const { text } = await run("git", ["rev-parse", "HEAD^{tree}"], root.pathname);
  const rank = ({ file, find }: Mutation): string =>
    createHash("sha256").update(`${text}${file}${find}`).digest("hex");
  return mutations.toSorted((a, b) => rank(a) < rank(b) ? -1 : 1).slice(0, count);
}

/** What the command line asks for, in the order in which it is tried. */
async function chosen(): Promise<
  { readonly mutations: readonly Mutation[]; readonly end: number }
> {
  const { values } = parseArgs({
    options: {
      file: { type: "string" },
      changed: { type: "string" },
      sample: { type: "string" },
      minutes: { type: "string" },
    },
  });
  const { file, changed, sample, minutes } = values;
  const end = Date.now() + Number(minutes ?? Infinity) * 60_000;
  if (file !== undefined) {
    return { mutations: MUTATIONS.filter((mutation) => mutation.file.includes(file)), end };
  }
  if (changed === undefined && sample === undefined) return { mutations: MUTATIONS, end };
  const files = changed === undefined ? new Set<string>() : await changedFiles(changed);
  const first = MUTATIONS.filter((mutation) => files.has(mutation.file));
  const others = MUTATIONS.filter((mutation) => !files.has(mutation.file));
  const mutations = [
    ...await sampleOf(others, Number(sample ?? 0)),
    ...await sampleOf(first, first.length),
  ];
  return { mutations, end };
}

const { mutations, end } = await chosen();
const waiting = [...mutations];
const failures: string[] = [];

/** Tries one mutation after the other in a tree of its own. */
async function work(): Promise<void> {
  const folder = await copyOfTree();
  try {
    while (Date.now() < end) {
      const mutation = waiting.shift();
      if (mutation === undefined) return;
      const result = await outcome(folder, mutation);
      const line = `${result.padEnd(20)} ${mutation.file}: ${mutation.find.trim().slice(0, 80)}`;
      if (result !== "killed") failures.push(line);
      console.log(line);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
// Once more, so that they stand where a log is cut.
for (const line of failures) console.log(line);
const tried = mutations.length - waiting.length;
console.log(
  `${tried} mutations, ${tried - failures.length} killed` +
    (waiting.length === 0 ? "" : `, ${waiting.length} not reached in time`),
);
if (failures.length > 0 || tried === 0) Deno.exit(1);
