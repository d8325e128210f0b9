/** A revision that is timed: a process of its own. */
import type { LoadOptions } from "./rows.ts";
import type { Sample } from "./sample.ts";

const WORKER = new URL("./worker.ts", import.meta.url).pathname;

/** A process that does what it is told, one thing at a time. */
export class Side implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #text = "";

  /** Starts the process with the imports that the revision's own configuration names. */
  constructor(root: string, folder: string, options: LoadOptions) {
    const config = `${root}/deno.json`;
    const parameters = [root, folder, JSON.stringify(options)];
    const args = ["run", "-A", "--no-check", "--config", config, WORKER, ...parameters];
    this.#process = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" })
      .spawn();
    this.#requests = this.#process.stdin.getWriter();
    this.#answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Opens a row and warms it up. */
  open(row: string): Promise<Sample> {
    return this.#ask({ row });
  }

  /** Times some runs of the row. */
  time(repeats: number): Promise<Sample> {
    return this.#ask({ repeats });
  }

  async #ask(request: object): Promise<Sample> {
    await this.#requests.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#answers.read();
      if (done) throw new Error(`the process ended at ${JSON.stringify(request)}`);
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const sample = JSON.parse(this.#text.slice(0, end));
    this.#text = this.#text.slice(end + 1);
    return sample;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close().catch(() => {});
    await this.#process.status;
  }
}
