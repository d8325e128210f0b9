/** Numbers and strings as a GGUF file has them. */

const ALIGNMENT = 32;

/** What a file is made of. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A number of 32 bits. */
export function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

/** A number of 64 bits. */
export function u64(value: number): Bytes {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

/** A number in float32. */
export function f32(value: number): Bytes {
  return new Uint8Array(Float32Array.of(value).buffer);
}

/** A string: its length and its bytes. */
export function text(value: string): Bytes {
  const bytes = new TextEncoder().encode(value);
  return join([u64(bytes.length), bytes]);
}

/** Bytes with zeros behind them, to where the next tensor may begin. */
export function padded(bytes: Bytes): Bytes {
  const rest = bytes.length % ALIGNMENT;
  return rest === 0 ? bytes : join([bytes, new Uint8Array(ALIGNMENT - rest)]);
}

/** All bytes one after the other. */
export function join(parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
