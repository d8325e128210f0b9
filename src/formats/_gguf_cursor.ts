import { FewbitError } from "../errors.ts";
import { quote } from "./quote.ts";
import { ValueBudget } from "./_value_budget.ts";

/** Longest key; the format has this limit. */
const MAX_KEY_BYTES = 65_535;

/** Thrown where a part of a file ends before its header: more of the file has to be read. */
export class MoreBytes extends Error {
  /** How many bytes of the file have to be there. */
  readonly atLeast: number;

  constructor(atLeast: number) {
    super(`${atLeast} bytes are needed`);
    this.atLeast = atLeast;
  }
}

/** Reads numbers and strings of a GGUF header in order, within the bytes that are there. */
export class GgufCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileBytes: number;
  /** What the values take in memory. */
  readonly budget: ValueBudget = new ValueBudget("GGUF");
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;

  /**
   * @param bytes The start of a file, or all of it.
   * @param fileBytes Size of the file.
   */
  constructor(bytes: Uint8Array, fileBytes: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** Gives the place of the next `count` bytes and passes over them. */
  take(count: number, what: string): number {
    const end = this.#require(count, what);
    const at = this.#at;
    this.#at = end;
    return at;
  }

  u32(what: string): number {
    return this.#view.getUint32(this.take(4, what), true);
  }

  u64(what: string): bigint {
    return this.#view.getBigUint64(this.take(8, what), true);
  }

  /**
   * A count of things of at least `minBytes` bytes each. They have to be there, so that a file
   * cannot ask for more memory than a constant times its own size.
   */
  count(minBytes: number, what: string): number {
    const count = this.u64(what);
    const room = this.#fileBytes - this.#at;
    if (count * BigInt(minBytes) > room) {
      throw invalid(`${what} is ${count}, which exceeds the ${room} bytes that follow`);
    }
    this.#require(Number(count) * minBytes, what);
    return Number(count);
  }

  string(what: string): string {
    const length = this.count(1, `the length of ${what}`);
    const at = this.take(length, what);
    this.budget.spend(1, "string");
    try {
      return this.#decoder.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw new FewbitError("invalid_file", `Cannot read GGUF: ${what} is not UTF-8`, { cause });
    }
  }

  /** A name of a tensor or of metadata. */
  name(what: string): string {
    const start = this.#at;
    const name = this.string(what);
    if (this.#at - start - 8 > MAX_KEY_BYTES) {
      throw invalid(`${what} ${quote(name)} is longer than ${MAX_KEY_BYTES} bytes`);
    }
    return name;
  }

  /** The view for elements at a place that {@linkcode take} gave. */
  get view(): DataView {
    return this.#view;
  }

  #require(count: number, what: string): number {
    const end = this.#at + count;
    if (end > this.#fileBytes) {
      throw invalid(`the file's ${this.#fileBytes} bytes end within ${what}`);
    }
    if (end > this.#bytes.length) throw new MoreBytes(end);
    return end;
  }
}

/** An error for a file that is not what the format says. */
export function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read GGUF: ${problem}`);
}
