/** Just enough of protocol buffers to write an ONNX model. */

/** An encoded message, or part of one. */
export type Bytes = Uint8Array<ArrayBuffer>;

const UTF8 = new TextEncoder();

/** Messages one after the other are one message. */
export function join(pieces: readonly ArrayLike<number>[]): Bytes {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** A field of an integer. */
export function integer(field: number, value: number): Bytes {
  return join([varint(field << 3), varint(value)]);
}

/** A field of a float32. */
export function float(field: number, value: number): Bytes {
  return join([varint(field << 3 | 5), new Uint8Array(Float32Array.of(value).buffer)]);
}

/** A field of bytes, of a string or of a message. */
export function block(field: number, content: string | Uint8Array): Bytes {
  const bytes = typeof content === "string" ? UTF8.encode(content) : content;
  return join([varint(field << 3 | 2), varint(bytes.length), bytes]);
}

function varint(value: number): number[] {
  if (value < 0) return varint64(BigInt.asUintN(64, BigInt(value)));
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}

function varint64(value: bigint): number[] {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) + 128);
  return [...bytes, Number(value)];
}
