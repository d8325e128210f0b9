import { FewbitError } from "../errors.ts";
import { ValueBudget } from "./_value_budget.ts";

/** Deepest nesting of messages that is read. */
const MAX_DEPTH = 64;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How a field is encoded. Groups (3 and 4) are long deprecated, and refused. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads one message of the protocol buffer wire format, field by field: after {@linkcode next} gave
 * the number of a field, exactly one other method takes its value or skips it.
 *
 * Format: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #depth: number;
  readonly #budget: ValueBudget;
  #at = 0;
  #wire = 0;

  /**
   * Reads a message that is all of the bytes.
   *
   * @param budget Shared by all messages of a file.
   */
  constructor(bytes: Uint8Array, depth = 0, budget = new ValueBudget("protocol buffer")) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#depth = depth;
  }

  /** Number of the next field, or 0 at the end of the message. */
  next(): number {
    if (this.#at === this.#bytes.length) return 0;
    const tag = this.#varint();
    const field = Number(tag >> 3n);
    if (field === 0 || field >= 2 ** 29) throw this.#invalid(`field number ${field} is not valid`);
    this.#wire = Number(tag & 7n);
    return field;
  }

  skip(): void {
    if (this.#wire === WIRE.varint) this.#varint();
    else this.#raw();
  }

  /** A signed integer of 64 bits. */
  int64(): bigint {
    this.#expect(WIRE.varint);
    return BigInt.asIntN(64, this.#varint());
  }

  /** A signed integer, the nearest double of one beyond 2^53. */
  integer(): number {
    return Number(this.int64());
  }

  /** The values of a repeated integer, of which this is one or, packed, several. */
  int64s(): bigint[] {
    if (this.#wire === WIRE.varint) {
      this.#budget.spend(1, "bigint");
      return [this.int64()];
    }
    const packed = new ProtobufReader(this.bytes(), this.#depth);
    const values: bigint[] = [];
    while (packed.#at < packed.#bytes.length) {
      this.#budget.spend(1, "bigint");
      values.push(BigInt.asIntN(64, packed.#varint()));
    }
    return values;
  }

  float(): number {
    this.#expect(WIRE.fixed32);
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** The little-endian bytes of a repeated float or double, of which this is one or several. */
  fixed(size: 4 | 8): Uint8Array {
    if (this.#wire !== WIRE.bytes) this.#expect(size === 4 ? WIRE.fixed32 : WIRE.fixed64);
    const bytes = this.#raw();
    if (bytes.length % size !== 0) throw this.#invalid("a packed field ends inside a value");
    return bytes;
  }

  /** The bytes of a string, of bytes or of a message, as a view. */
  bytes(): Uint8Array {
    this.#expect(WIRE.bytes);
    return this.#raw();
  }

  string(): string {
    const bytes = this.bytes();
    this.#budget.spend(1, "string");
    try {
      return UTF8.decode(bytes);
    } catch {
      throw this.#invalid("a string is not UTF-8");
    }
  }

  /** A reader of a message in this one. */
  message(): ProtobufReader {
    if (this.#depth >= MAX_DEPTH) {
      throw this.#invalid(`messages are nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#budget.spend(1, "object");
    return new ProtobufReader(this.bytes(), this.#depth + 1, this.#budget);
  }

  /** The bytes of a value that is not a varint. */
  #raw(): Uint8Array {
    let length: number;
    if (this.#wire === WIRE.fixed64) length = 8;
    else if (this.#wire === WIRE.fixed32) length = 4;
    else if (this.#wire === WIRE.bytes) length = Number(this.#varint());
    else throw this.#invalid(`wire type ${this.#wire} is not supported`);
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** An unsigned integer in base 128, least significant digit first. */
  #varint(): bigint {
    // Most have one to four bytes, which fit a 32-bit integer.
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1));
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#view.getUint8(this.#take(1));
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.#invalid("an integer has more than 10 bytes");
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) {
      throw this.#invalid(
        `${length} bytes are expected where ${this.#bytes.length - start} are left`,
      );
    }
    this.#at = start + length;
    return start;
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) {
      throw this.#invalid(`a field has wire type ${this.#wire}, expected ${wire}`);
    }
  }

  #invalid(problem: string): FewbitError {
    return new FewbitError(
      "invalid_file",
      `Cannot read protocol buffer: ${problem}, at byte ${this.#at} of a message`,
    );
  }
}
