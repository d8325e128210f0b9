/** Fresh projects, and what users type in them. */
import { dirname } from "node:path";
import { npmHost } from "../hosts/_npm_host.ts";
import type { NpmHost } from "../hosts/_npm_host.ts";
import { capture, scratchFolder } from "../hosts/_picture.ts";
import type { Registry } from "./_registry.ts";

/** A folder outside the repository. */
export interface Project extends Disposable {
  /** Its path. */
  readonly path: string;
  /** Writes a file. */
  write(name: string, text: string): Promise<void>;
  /** Runs a line as a shell does; returns what it printed. */
  shell(line: string): Promise<string>;
}

/** An empty project whose `node` and `bun` are of one version. */
export async function newProject(
  { npmrc }: Registry,
  host: NpmHost = "node22",
): Promise<Project> {
  const folder = scratchFolder();
  const { path } = folder;
  const programs = [dirname(await npmHost(host)), dirname(Deno.execPath())];
  const env = {
    PATH: `${programs.join(":")}:${Deno.env.get("PATH")}`,
    NO_COLOR: "1",
    CI: "true",
    WRANGLER_SEND_METRICS: "false",
    // A cache of its own: others have what is called the same.
    DENO_DIR: `${path}/.deno`,
    BUN_INSTALL_CACHE_DIR: `${path}/.bun`,
  };
  await Deno.writeTextFile(`${path}/.npmrc`, npmrc);
  await Deno.writeTextFile(
    `${path}/package.json`,
    JSON.stringify({ name: "project", private: true, type: "module" }),
  );
  return {
    path,
    write: (name, text) => Deno.writeTextFile(`${path}/${name}`, text),
    shell: (line) => capture("sh", ["-ec", line], { cwd: path, env, stdin: "null" }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
