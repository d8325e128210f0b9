/**
 * Formats the AssemblyScript of `asm/`, which `deno fmt` cannot see, with `deno fmt`.
 *
 *     deno run -A tools/fmt_asm.ts [--check]
 *
 * `deno fmt` deletes decorators before functions, where TypeScript has none, so that they are comments
 * while it runs.
 */

const root = new URL("../", import.meta.url);
const DECORATED = /^(?:\/\/ @ts-ignore: decorator\n)?@(inline|unmanaged)\s+/gm;
const HIDDEN = /^\/\/ @(inline|unmanaged)\n/gm;

/** The text as it should be. */
export async function formatAsm(text: string): Promise<string> {
  let formatted = text.replaceAll(DECORATED, "// @$1\n");
  // Comments in broken lines may move once more.
  for (let pass = 0; pass < 4; pass++) {
    const before = formatted;
    formatted = await denoFmt(before);
    if (formatted === before) break;
  }
  return formatted.replaceAll(HIDDEN, "// @ts-ignore: decorator\n@$1\n");
}

async function denoFmt(text: string): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--line-width", "100", "--ext", "ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Files that people write: generated ones are as they are generated. */
async function sources(folder = "asm/"): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory && name !== "generated") paths.push(...await sources(`${folder}${name}/`));
    else if (name.endsWith(".ts")) paths.push(`${folder}${name}`);
  }
  return paths.sort();
}

/** Writes the files, or with `check` returns those that are not formatted. */
export async function formatSources(check: boolean): Promise<string[]> {
  const stale: string[] = [];
  await Promise.all((await sources()).map(async (path) => {
    const url = new URL(path, root);
    const text = await Deno.readTextFile(url);
    const formatted = await formatAsm(text);
    if (formatted === text) return;
    if (check) stale.push(path);
    else await Deno.writeTextFile(url, formatted);
  }));
  return stale.sort();
}

if (import.meta.main) {
  const stale = await formatSources(Deno.args.includes("--check"));
  for (const path of stale) console.error(`${path} is not formatted: run deno task fmt-asm`);
  if (stale.length > 0) Deno.exit(1);
}
