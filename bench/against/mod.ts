/**
 * `deno task bench --against REV`: this tree beside another revision, in turns in the same run.
 *
 * Each revision has a process of its own, through its own `mod.ts`. A round times both in one order and
 * then in the other. Processes are begun anew a few times, because where memory lies and what
 * compilers choose stays the same for as long as one lives. What counts is processors' time, which others
 * on the machine hardly change; where the clock alone says slower on a quiet machine, something waits.
 */
import { checkout, copyOfTree } from "../../tools/checkout.ts";
import { Side } from "./_side.ts";
import { spreadOf } from "./_spread.ts";
import { writeFixtures } from "./fixtures.ts";
import { ROWS } from "./rows.ts";
import type { LoadOptions } from "./rows.ts";
import type { Sample } from "./sample.ts";

/** Processes of each revision, one after the other; even, so that each is the first one as often. */
const LIVES = 4;
/** Rows that are not sure by then go on for as many more. */
const MOST_LIVES = 12;
/** Standard error of a ratio that is sure. */
const SURE = 0.01;
/** Least time of a sample, of which a round has two of each. */
const LEAST_MS = 40;
/** Below these a row is named at the end; a cold start may take 1.05 times as long. */
const LEAST_RATIO = 0.97, LEAST_COLD_RATIO = 1 / 1.05;
const COLD = "cold start of the small ViT";

/** Where the files of the two revisions are. */
type Roots = readonly [before: string, now: string];

/** A round: the sample of the other revision, and that of this tree. */
type Pair = readonly [before: Sample, now: Sample];

/** Measures and prints; with options of loading only what stays loaded, no cold start. */
export async function benchAgainst(
  revision: string,
  rounds: number,
  options: LoadOptions = {},
): Promise<void> {
  const isDefault = Object.keys(options).length === 0;
  const temporary = await Deno.makeTempDir();
  try {
    const [before, now, files] = ["before", "now", "files"].map((name) => `${temporary}/${name}`);
    await checkout(revision, before);
    await copyOfTree(now);
    await Deno.mkdir(files);
    await writeFixtures(files);
    const present = new Set([...Deno.readDirSync(files)].map(({ name }) => name));
    const rows = ROWS.filter(({ file }) => present.has(file));
    const pairs = new Map(
      [...rows.map(({ name }) => name), ...(isDefault ? [COLD] : [])].map((
        n,
      ): [string, Pair[]] => [n, []]),
    );
    for (let life = 0; life < MOST_LIVES; life++) {
      const open = [...pairs].filter(([, found]) => life < LIVES || !isSure(found));
      await timeRows([before, now], files, Math.ceil(rounds / LIVES), life, new Map(open), options);
    }
    console.log(report(revision, pairs));
    const missing = ROWS.filter(({ file }) => !present.has(file));
    for (const { name } of missing) console.log(`left out, its data is not here: ${name}`);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

const isSure = (found: readonly Pair[]): boolean =>
  spreadOf(found.map(ratioOf("cpu"))).error <= SURE;

/** Adds so many rounds to each row, in new processes. */
async function timeRows(
  roots: Roots,
  files: string,
  rounds: number,
  life: number,
  pairs: ReadonlyMap<string, Pair[]>,
  options: LoadOptions,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const start = (root: string) => Promise.resolve(stack.use(new Side(root, files, options)));
  const [old, now] = await inTurn(life, () => start(roots[0]), () => start(roots[1]));
  for (const [row, found] of pairs) {
    if (row === COLD) found.push(...await timeColdStarts(roots, files, rounds));
    else found.push(...await timeRow(row, old, now, life, rounds));
    const { median, error } = spreadOf(found.map(ratioOf("cpu")));
    console.error(`${row.padEnd(48)} ${median.toFixed(3)} ± ${error.toFixed(3)}`);
  }
}

async function timeRow(
  row: string,
  old: Side,
  now: Side,
  life: number,
  rounds: number,
): Promise<Pair[]> {
  const warm = await inTurn(life, () => old.open(row), () => now.open(row));
  const repeats = Math.ceil(LEAST_MS / Math.min(...warm.map(({ wall }) => wall)));
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    const samples = [
      await old.time(repeats),
      await now.time(repeats),
      await now.time(repeats),
      await old.time(repeats),
    ];
    pairs.push([sumOf(samples[0], samples[3]), sumOf(samples[1], samples[2])]);
  }
  return pairs;
}

async function timeColdStarts(roots: Roots, files: string, rounds: number): Promise<Pair[]> {
  const [before, now] = roots.map((root) => () => coldStart(root, `${files}/vit.fewbit`));
  const pairs: Pair[] = [];
  for (let round = -1; round < rounds; round++) {
    const pair = await inTurn(round, before, now);
    // The first round fills caches.
    if (round >= 0) pairs.push(pair);
  }
  return pairs;
}

/** Does both, the other revision's first in every second round. */
async function inTurn<T>(
  round: number,
  before: () => Promise<T>,
  now: () => Promise<T>,
): Promise<readonly [before: T, now: T]> {
  if (round % 2 === 0) return [await before(), await now()];
  const ours = await now();
  return [await before(), ours];
}

/** A fresh process from the import of what the revision calls `./runtime` to the first logits. */
async function coldStart(side: string, model: string): Promise<Sample> {
  const config = JSON.parse(await Deno.readTextFile(`${side}/deno.json`));
  const runtime = `${side}/${config.exports["./runtime"]}`;
  const script = new URL("./cold.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", `${side}/deno.json`, script, runtime, model],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

const sumOf = (a: Sample, b: Sample): Sample => ({ wall: a.wall + b.wall, cpu: a.cpu + b.cpu });

const ratioOf = (clock: keyof Sample) => ([before, now]: Pair): number =>
  before[clock] / now[clock];

function report(revision: string, pairs: ReadonlyMap<string, Pair[]>): string {
  const lines = [
    `This tree beside ${revision}: time before / time now, above 1 is faster. Of processors' time the median`,
    "with its standard error, the middle half of the rounds and their number; the median by the clock.",
    "",
  ];
  const slow: string[] = [];
  for (const [name, found] of pairs) {
    const { median, error, low, high } = spreadOf(found.map(ratioOf("cpu")));
    const cells = [
      `${median.toFixed(3)} ± ${error.toFixed(3)}`,
      `${low.toFixed(3)} … ${high.toFixed(3)}`,
      `${found.length}`.padStart(3),
      spreadOf(found.map(ratioOf("wall"))).median.toFixed(3),
    ];
    lines.push(`${name.padEnd(48)} ${cells.join("   ")}`);
    if (median < (name === COLD ? LEAST_COLD_RATIO : LEAST_RATIO)) slow.push(name);
  }
  lines.push("", slow.length === 0 ? "No row is slower." : `Slower: ${slow.join("; ")}`);
  return lines.join("\n");
}
