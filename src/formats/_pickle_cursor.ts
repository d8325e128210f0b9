import { FewbitError } from "../errors.ts";

/** Longest integer of a LONG opcode; conversion to a bigint is more than linear. */
const MAX_LONG_BYTES = 256;

/** Longest line; lines hold numbers and names, and in protocol 0 strings. */
const MAX_LINE_BYTES = 2 ** 20;

/** Bytes that become characters at once: as many arguments as every host takes. */
const CHUNK = 2 ** 12;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the arguments of pickle opcodes, in order and within bounds. */
export class PickleCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  /** Starts at an offset of the bytes. */
  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = offset;
  }

  /** Offset of the next byte. */
  get offset(): number {
    return this.#at;
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** A 64-bit length; one beyond 2^53 loses bits, but exceeds every file all the same. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  /** A big-endian double, the only big-endian value of the format. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** A two's complement integer of `length` bytes. */
  long(length: number): number | bigint {
    if (length > MAX_LONG_BYTES) throw this.invalid(`an integer has ${length} bytes`);
    let value = 0n;
    for (const byte of this.bytes(length).toReversed()) value = value << 8n | BigInt(byte);
    return narrow(BigInt.asIntN(8 * length, value));
  }

  /** UTF-8 text of `length` bytes. */
  text(length: number): string {
    try {
      return UTF8.decode(this.bytes(length));
    } catch (cause) {
      if (cause instanceof FewbitError) throw cause;
      throw this.invalid("a string is not UTF-8");
    }
  }

  /** Latin-1 text up to the next line feed, without it. */
  line(): string {
    const rest = this.#bytes.subarray(this.#at, this.#at + MAX_LINE_BYTES + 1);
    const length = rest.indexOf(0x0a);
    if (length < 0) {
      throw this.invalid(
        rest.length > MAX_LINE_BYTES
          ? `a line has more than ${MAX_LINE_BYTES} bytes`
          : "a line does not end",
      );
    }
    let text = "";
    for (let at = 0; at < length; at += CHUNK) {
      text += String.fromCharCode(...rest.subarray(at, Math.min(at + CHUNK, length)));
    }
    this.#at += length + 1;
    return text;
  }

  /** A decimal integer on a line, with or without the suffix `L` of Python 2. */
  decimal(): number | bigint {
    const text = this.line().replace(/L$/, "");
    if (text.length > MAX_LONG_BYTES || !/^[+-]?\d+$/.test(text)) {
      throw this.invalid("a line is not a decimal integer");
    }
    return narrow(BigInt(text.replace(/^\+/, "")));
  }

  /** A decimal float on a line, in the forms that Python's `repr` gives. */
  decimalFloat(): number {
    const text = this.line();
    if (text.length > MAX_LONG_BYTES) throw this.invalid("a line is not a decimal float");
    if (/^-?(inf|nan)$/.test(text)) return Number(text.replace("inf", "Infinity"));
    if (!/^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)) {
      throw this.invalid("a line is not a decimal float");
    }
    return Number(text);
  }

  /** An error at the current place. */
  invalid(problem: string): FewbitError {
    return new FewbitError("invalid_file", `Cannot read pickle: ${problem}, at byte ${this.#at}`);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) {
      throw this.invalid(
        `${length} bytes are expected where ${this.#bytes.length - start} are left`,
      );
    }
    this.#at = start + length;
    return start;
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
