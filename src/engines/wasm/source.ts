/** Bytes of a file from wherever a host has them, read in order and never all at once. */
import { FewbitError } from "../../errors.ts";
import { orAbort } from "../or_abort.ts";

/** One file, or a part of one. */
export type ProgramPart =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** A `model.fewbit` file; several parts are one file, in their order. */
export type ProgramSource = ProgramPart | readonly ProgramPart[];

/** Chunks of one part. */
interface Chunks {
  next(): Promise<IteratorResult<Uint8Array, unknown>>;
  /** Frees what the part holds, without waiting. */
  close(): void;
}

/** Reads a source piece by piece. */
export class SourceReader {
  readonly #parts: readonly ProgramPart[];
  readonly #signal: AbortSignal | undefined;
  readonly #onRead: (bytes: number) => void;
  #part = 0;
  #chunks: Chunks | undefined;
  /** What was read but not asked for yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #loaded = 0;

  /** `onRead` is told the bytes handed out so far, each time there are more. */
  constructor(
    source: ProgramSource,
    signal: AbortSignal | undefined,
    onRead: (bytes: number) => void,
  ) {
    this.#parts = Array.isArray(source) ? source : [source as ProgramPart];
    this.#signal = signal;
    this.#onRead = onRead;
  }

  /** Bytes handed out so far. */
  get loaded(): number {
    return this.#loaded;
  }

  /** Up to `most` of the next bytes; none at the end. */
  async read(most: number): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    while (this.#rest.length === 0) {
      if (this.#chunks === undefined) {
        if (this.#part === this.#parts.length) return this.#rest;
        this.#chunks = open(this.#parts[this.#part++]);
      }
      const { done, value } = await orAbort(this.#chunks.next(), this.#signal);
      if (done) this.#chunks = undefined;
      else this.#rest = checkedChunk(value);
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#loaded += bytes.length;
    this.#onRead(this.#loaded);
    return bytes;
  }

  /** Stops the source, also the parts that were not opened yet; does not wait for it. */
  close(): void {
    this.#chunks?.close();
    this.#chunks = undefined;
    for (; this.#part < this.#parts.length; this.#part++) {
      const part = this.#parts[this.#part];
      const stream = part instanceof Response ? part.body : part;
      if (stream instanceof ReadableStream && !stream.locked) stream.cancel().catch(() => {});
    }
  }
}

function checkedChunk(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new FewbitError("invalid_argument", `Cannot load program: a chunk is a ${typeof value}`);
}

function open(part: ProgramPart): Chunks {
  if (part instanceof Uint8Array) return one(part);
  if (part instanceof ArrayBuffer) return one(new Uint8Array(part));
  if (part instanceof Blob) return fromStream(part.stream());
  if (part instanceof ReadableStream) return fromStream(part);
  if (part instanceof Response) {
    if (part.ok && part.body !== null) return fromStream(part.body);
    part.body?.cancel().catch(() => {});
    throw new FewbitError(
      "not_found",
      `Cannot load program: HTTP status ${part.status} from ${part.url || "response"}`,
    );
  }
  if (typeof part === "object" && part !== null && Symbol.asyncIterator in part) {
    const iterator = (part as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    return {
      next: () => iterator.next(),
      close: () => void iterator.return?.().catch(() => {}),
    };
  }
  throw new FewbitError(
    "invalid_argument",
    `Cannot load program from ${typeof part}: expected bytes, a stream, a Blob or a Response`,
  );
}

function one(bytes: Uint8Array): Chunks {
  let done = false;
  return {
    next: () => {
      const result = { done, value: bytes };
      done = true;
      return Promise.resolve(result as IteratorResult<Uint8Array, unknown>);
    },
    close: () => {},
  };
}

// Not every host can iterate over a stream.
function fromStream(stream: ReadableStream<Uint8Array>): Chunks {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array, unknown>>,
    close: () => void reader.cancel().catch(() => {}),
  };
}
