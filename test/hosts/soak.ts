/**
 * Soaks the Cloudflare Worker of examples/workers in workerd, with all-MiniLM-L6-v2:
 * `deno task soak [--seconds 300] …`, with the options of `../soak/main.ts`.
 */
import { workerModule } from "../../examples/workers/build.ts";
import { minilmFile } from "./_minilm.ts";
import { scratchFolder } from "./_picture.ts";
import { fillFolder, workerdBinary } from "./_workerd.ts";

using folder = scratchFolder();
await fillFolder(folder.path, await workerModule(), await minilmFile());
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "-A",
    new URL("../soak/main.ts", import.meta.url).pathname,
    "--cwd",
    folder.path,
    ...Deno.args,
    "--",
    workerdBinary(),
    "serve",
    "config.capnp",
    "--socket-addr=http=127.0.0.1:{port}",
  ],
  stdin: "null",
}).spawn().status;
Deno.exitCode = code;
