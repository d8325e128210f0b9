/** One bit pattern for all NaNs of float32: which one an operation gives differs from host to host. */

/** Bits of the quiet NaN without sign and payload. */
const CANONICAL_NAN = 0x7FC00000;

/** Replaces the NaNs among float32 elements. */
export function canonicalizeNaN(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 4) {
    if (Number.isNaN(view.getFloat32(at, true))) view.setUint32(at, CANONICAL_NAN, true);
  }
}
