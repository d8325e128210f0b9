/**
 * One revision's process: `worker.ts <root of the revision> <folder of files> <load options as
 * JSON>`. It reads a request a line, `{ row }` to open one and `{ repeats }` to time it, and answers each with a sample of one run.
 */
import { ROWS } from "./rows.ts";
import type { Api, LoadOptions } from "./rows.ts";
import { startClocks } from "./sample.ts";
import type { Sample } from "./sample.ts";

/** After this compilers have settled: the language model's tokens come at half their speed at first. */
const WARM_MS = 1000;

const [root, folder, json] = Deno.args;
const options: LoadOptions = JSON.parse(json);
const api: Api = await import(`file://${root}/mod.ts`);
const files = new Map<string, Uint8Array<ArrayBuffer>>();
for (const { name } of Deno.readDirSync(folder)) {
  files.set(name, Deno.readFileSync(`${folder}/${name}`));
}

let run = (): Promise<unknown> => Promise.resolve();

async function answer(request: {
  readonly row?: string;
  readonly repeats?: number;
}): Promise<Sample> {
  if (request.row !== undefined) {
    run = await ROWS.find(({ name }) => name === request.row)!.prepare(
      api,
      files,
      options,
    );
    const clocks = startClocks();
    let runs = 0;
    for (const start = performance.now(); performance.now() - start < WARM_MS || runs < 3; runs++) {
      await run();
    }
    return clocks(runs);
  }
  const clocks = startClocks();
  for (let i = 0; i < request.repeats!; i++) await run();
  return clocks(request.repeats);
}

let text = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  text += chunk;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
    const request = JSON.parse(text.slice(0, end));
    text = text.slice(end + 1);
    console.log(JSON.stringify(await answer(request)));
  }
}
