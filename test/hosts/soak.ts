/**
 * Soaks the Cloudflare Worker of examples/workers in workerd, with all-MiniLM-L6-v2, and then `fewbit serve`
 * with the model of stories that ships: `deno task soak [--seconds 600] …`, with the options of `../soak/main.ts`.
 */
import { fileURLToPath } from "node:url";
import { workerModule } from "../../examples/workers/build.ts";
import { storiesFile } from "../serve/_text_server.ts";
import { minilmFile } from "./_minilm.ts";
import { scratchFolder } from "./_picture.ts";
import { fillFolder, workerdBinary } from "./_workerd.ts";

const SOAK = fileURLToPath(new URL("../soak/main.ts", import.meta.url));
const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
/** Seconds from which on a soak is more than its beginning, in which everything is slower. */
const LONG = 300;
const DEFAULT_SECONDS = 600;

/** Most that the slowest first token of equal requests may take, in medians. */
const MAX_RATIO = "3";

/** Soaks a server; whether it passes. */
async function soak(options: readonly string[], command: readonly string[]): Promise<boolean> {
  const at = Deno.args.indexOf("--seconds");
  const seconds = at < 0 ? DEFAULT_SECONDS : Number(Deno.args[at + 1]);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      SOAK,
      ...at < 0 ? ["--seconds", String(seconds)] : [],
      ...seconds >= LONG ? ["--max-first-ratio", MAX_RATIO] : [],
      ...options,
      ...Deno.args,
      "--",
      ...command,
    ],
    stdin: "null",
  }).spawn().status;
  return success;
}

using folder = scratchFolder();
await fillFolder(folder.path, await workerModule(), await minilmFile());
const embeds = await soak(["--cwd", folder.path], [
  workerdBinary(),
  "serve",
  "config.capnp",
  "--socket-addr=http=127.0.0.1:{port}",
]);

const stories = `${folder.path}/stories.fewbit`;
await Deno.writeFile(stories, await storiesFile());
const writes = await soak(["--text", stories], [
  Deno.execPath(),
  "run",
  "-A",
  CLI,
  "serve",
  stories,
  "--quiet",
  "--port={port}",
]);
Deno.exitCode = embeds && writes ? 0 : 1;
