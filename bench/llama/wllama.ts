/** wllama (llama.cpp in wasm, one thread) in a process of its own. */
import type { Bytes } from "./gguf_bytes.ts";

/** What wllama measures itself. */
export interface WllamaTimings {
  readonly prompt_n: number;
  readonly prompt_per_second: number;
  readonly predicted_per_second: number;
}

/** What it wrote, and how fast. */
export interface WllamaAnswer {
  readonly content: string;
  readonly timings: WllamaTimings;
}

/** A process with a model loaded. */
export class Wllama implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #path: string;
  #rest = "";

  private constructor(path: string) {
    this.#path = path;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("./wllama_process.ts", import.meta.url).pathname, path],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#writer = this.#process.stdin.getWriter();
  }

  /** Starts one with the model of a file. */
  static async open(gguf: Bytes): Promise<Wllama> {
    const path = await Deno.makeTempFile({ suffix: ".gguf" });
    await Deno.writeFile(path, gguf);
    const wllama = new Wllama(path);
    await wllama.#line();
    return wllama;
  }

  /**
   * Reads a prompt and writes so many tokens on. Of a prompt that it has seen it would not read the beginning
   * again: then the number of tokens is another one than `expected`, within 4.
   */
  async complete(prompt: string, tokens: number, expected: number): Promise<WllamaAnswer> {
    const line = JSON.stringify({ prompt, tokens });
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    const answer: WllamaAnswer = JSON.parse(await this.#line());
    const read = answer.timings.prompt_n;
    if (Math.abs(read - expected) > 4) {
      throw new Error(`wllama read ${read} tokens, expected ${expected}`);
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    this.#process.kill();
    await this.#process.status;
    await Deno.remove(this.#path);
  }

  async #line(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`wllama has ended: ${this.#rest}`);
      this.#rest += value;
    }
    const at = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, at);
    this.#rest = this.#rest.slice(at + 1);
    return line;
  }
}
