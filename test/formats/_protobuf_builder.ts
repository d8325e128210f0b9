import { join, utf8 } from "./_join.ts";

/** A field that is a number as a varint, and text, bytes or fields as a length and bytes. */
export function field(number: number, value: number | bigint | string | Uint8Array): Uint8Array {
  if (typeof value === "number" || typeof value === "bigint") {
    return join(varint(number * 8), varint(value));
  }
  const bytes = typeof value === "string" ? utf8(value) : value;
  return join(varint(number * 8 + 2), varint(bytes.length), bytes);
}

/** A field that is a float. */
export function floatField(number: number, value: number): Uint8Array {
  return join(varint(number * 8 + 5), new Uint8Array(Float32Array.of(value).buffer));
}

/** An integer in base 128; a negative one takes ten bytes. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.of(...bytes, Number(rest));
}
