/**
 * Runs every example of the documentation, that of the API and README.md, in a folder that has the files
 * they name; what those of README.md print is what stands behind them.
 *
 *     deno run -A test/examples/main.ts
 *
 * @module
 */
import { writeFixtures } from "./_fixtures.ts";
import { runReadmeSamples } from "./_readme_samples.ts";

const root = new URL("../../", import.meta.url).pathname;
/** A block that `deno test --doc` runs; those in comments begin behind a star. `ignore`: others run it. */
const EXAMPLE = /^(?: *\* )?```ts\b(?! ignore)/gm;

/** What is documented. */
async function sources(path: string): Promise<string[]> {
  if (!(await Deno.stat(`${root}${path}`)).isDirectory) return [path];
  const found: string[] = [];
  for await (const { name } of Deno.readDir(`${root}${path}`)) {
    found.push(...await sources(`${path}/${name}`));
  }
  return found;
}

async function countExamples(): Promise<number> {
  let count = 0;
  for (const path of [...await sources("src"), "mod.ts", "README.md"]) {
    count += (await Deno.readTextFile(`${root}${path}`)).match(EXAMPLE)?.length ?? 0;
  }
  return count;
}

const folder = await Deno.makeTempDir();
try {
  await writeFixtures(folder);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--doc", "-A", "--config", `${root}deno.json`],
      ...["--preload", `${root}test/examples/_network.ts`],
      ...["mod.ts", "src", "README.md"].map((path) => `${root}${path}`),
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout);
  const passed = Number(/(\d+) passed/.exec(output)?.[1]);
  const count = await countExamples();
  console.log(`${passed} of ${count} examples run`);
  console.log(`${await runReadmeSamples(folder)} samples of README.md print what it shows`);
  if (!success || passed !== count) {
    console.error(output, new TextDecoder().decode(stderr));
    Deno.exitCode = 1;
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
