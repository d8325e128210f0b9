/** Servers of the model of stories: in Deno, in Node, behind `deno serve`, and in workerd. */
import { fileURLToPath } from "node:url";
import { workerModule } from "../../examples/serve/build.ts";
import { bareName, bareNames } from "../../tools/bare_names.ts";
import { bundleModule } from "../../examples/bundle.ts";
import { installPackage, npmHost } from "./_npm_host.ts";
import { startWorkerd } from "./_workerd.ts";
import { portOf } from "./_workerd.ts";

const ROOT = new URL("../../", import.meta.url);
const at = (name: string): string => fileURLToPath(new URL(name, ROOT));

/** A server. */
export interface Serving extends AsyncDisposable {
  readonly origin: string;
}

/** Starts a server of a model, with what it needs in a folder. */
export type StartServing = (model: string, folder: string) => Promise<Serving>;

/** By the names of their hosts. */
export const SERVERS: Readonly<Record<string, StartServing>> = {
  "fewbit serve in Deno": (model) =>
    spawn(Deno.execPath(), ["run", "-A", at("cli.ts"), ...commandOf(model)], "stdout"),
  "fewbit serve in Node": async (model, folder) => {
    const specifier = /"(npm:commander@[^"]*)"/.exec(
      await Deno.readTextFile(at("src/cli/_commander.ts")),
    )![1];
    const cli = await bundleModule(new URL("cli.ts", ROOT), { node: true, plugins: [bareNames] });
    await Deno.writeTextFile(`${folder}/cli.mjs`, cli);
    const version = specifier.slice(specifier.lastIndexOf("@"));
    await installPackage(folder, `${bareName(specifier)}${version}`);
    return await spawn(
      await npmHost("node22"),
      [`${folder}/cli.mjs`, ...commandOf(model)],
      "stdout",
    );
  },
  "deno serve": (model) =>
    spawn(
      Deno.execPath(),
      ["serve", "-A", "--port", "0", "--host", "127.0.0.1", at("examples/serve/deno.ts")],
      "stderr",
      { FEWBIT_MODEL: model },
    ),
  "workerd": async (model, folder) => {
    await Deno.copyFile(new URL("workers/config.capnp", import.meta.url), `${folder}/config.capnp`);
    await Deno.writeTextFile(`${folder}/worker.js`, await workerModule());
    await Deno.mkdir(`${folder}/assets`);
    await Deno.copyFile(model, `${folder}/assets/stories.fewbit`);
    return await startWorkerd(folder);
  },
};

function commandOf(model: string): string[] {
  return ["serve", model, "--name", "stories", "--parallel", "2", "--port", "0", "--quiet"];
}

async function spawn(
  program: string,
  args: readonly string[],
  tells: "stdout" | "stderr",
  env: Record<string, string> = {},
): Promise<Serving> {
  const process = new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: tells === "stdout" ? "piped" : "null",
    stderr: tells === "stderr" ? "piped" : "inherit",
  }).spawn();
  const port = await portOf(process[tells], /http:\/\/[\d.]+:(\d+)/);
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}
