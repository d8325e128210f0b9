/** workerd as a process. */
// deno-lint-ignore no-import-prefix -- its version is written here only
import * as workerd from "npm:workerd@1.20261117.1";

/** Fills a folder with what workerd serves: a module, and maybe the model as an asset. */
export async function fillFolder(folder: string, module: string, file?: Uint8Array): Promise<void> {
  await Deno.copyFile(new URL("workers/config.capnp", import.meta.url), `${folder}/config.capnp`);
  await Deno.writeTextFile(`${folder}/worker.js`, module);
  await Deno.mkdir(`${folder}/assets`);
  if (file !== undefined) await Deno.writeFile(`${folder}/assets/minilm.fewbit`, file);
}

/** The path of the binary. */
export function workerdBinary(): string {
  // A CommonJS module whose default export is the path.
  return (workerd.default as unknown as { default: string }).default;
}

/** A workerd that serves. */
export interface Workerd extends AsyncDisposable {
  /** Where: `http://127.0.0.1:…`. */
  readonly origin: string;
  /** Id of the process. */
  readonly pid: number;
  /** Port of the inspector, where one was asked for. */
  readonly inspectorPort?: number;
}

/**
 * Starts workerd in a folder with a `config.capnp` whose one socket takes any free port.
 *
 * @param inspected With an inspector, on a free port too.
 */
export async function startWorkerd(folder: string, inspected = false): Promise<Workerd> {
  // The free port is told on file descriptor 1 as a line of JSON.
  const process = new Deno.Command(workerdBinary(), {
    args: [
      "serve",
      "config.capnp",
      "--control-fd=1",
      ...inspected ? ["--inspector-addr=127.0.0.1:0"] : [],
    ],
    cwd: folder,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = async (): Promise<void> => {
    // One that is inspected does not end by itself.
    process.kill(inspected ? "SIGKILL" : "SIGTERM");
    await process.status;
  };
  try {
    const patterns = [
      /"event":"listen".*?"port":(\d+)/,
      ...inspected ? [/"event":"listen-inspector".*?"port":(\d+)/] : [],
    ];
    const [port, inspectorPort] = await portsOf(process.stdout, patterns);
    return {
      origin: `http://127.0.0.1:${port}`,
      pid: process.pid,
      ...inspected && { inspectorPort },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Reads what a server prints until it tells its port. */
export async function portOf(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
  pattern: RegExp,
): Promise<number> {
  return (await portsOf(output, [pattern]))[0];
}

async function portsOf(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
  patterns: readonly RegExp[],
): Promise<number[]> {
  let text = "";
  const reader = output.pipeThrough(new TextDecoderStream()).getReader();
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the server ended: ${text}`);
      text += value;
      const ports = patterns.flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
      if (ports.length === patterns.length) return ports.map(Number);
    }
  } finally {
    await reader.cancel();
  }
}
