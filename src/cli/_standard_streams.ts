/** Standard input, output and error by their numbers, as every host has them in every thread. */
import { read, writeSync } from "node:fs";
import { isatty } from "node:tty";

/** The numbers. */
export const [STDIN, STDOUT, STDERR] = [0, 1, 2] as const;

/** Bytes of a piece of standard input. */
const CHUNK_BYTES = 2 ** 16;

/** How long to wait where another process has made a stream one that does not wait. */
const PAUSE_MS = 5;

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

/** Whether a person sits at the other end. */
export function isTerminal(stream: number): boolean {
  return isatty(stream);
}

/** Writes all bytes; what the system answers is thrown. */
export function writeBytes(stream: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(stream, bytes, at);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      // The reader is slower than this.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/** Standard input, to its end. */
export function standardInput(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const count = await readSome(chunk);
      if (count === 0) controller.close();
      else controller.enqueue(chunk.subarray(0, count));
    },
  }, { highWaterMark: 0 });
}

async function readSome(chunk: Uint8Array<ArrayBuffer>): Promise<number> {
  for (;;) {
    try {
      return await new Promise((resolve, reject) =>
        read(STDIN, chunk, 0, chunk.length, null, (error, count) => {
          if (error) reject(error);
          else resolve(count);
        })
      );
    } catch (error) {
      // So Windows calls the end of a pipe.
      if (codeOf(error) === "EOF") return 0;
      if (codeOf(error) !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
