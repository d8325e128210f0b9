/** The metadata of a GGUF file: a header, then keys with typed values. */
export function readGgufMetadata(bytes: Uint8Array): Map<string, unknown> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  let at = 0;
  const take = (size: number) => (at += size) - size;
  const u32 = () => view.getUint32(take(4), true);
  const u64 = () => Number(view.getBigUint64(take(8), true));
  const text = () => {
    const length = u64();
    return decoder.decode(bytes.subarray(at, at += length));
  };
  const readers: readonly (() => unknown)[] = [
    () => view.getUint8(take(1)),
    () => view.getInt8(take(1)),
    () => view.getUint16(take(2), true),
    () => view.getInt16(take(2), true),
    u32,
    () => view.getInt32(take(4), true),
    () => view.getFloat32(take(4), true),
    () => view.getUint8(take(1)) === 1,
    text,
    () => {
      const type = u32();
      return Array.from({ length: u64() }, () => readers[type]());
    },
    u64,
    () => Number(view.getBigInt64(take(8), true)),
    () => view.getFloat64(take(8), true),
  ];
  if (decoder.decode(bytes.subarray(0, 4)) !== "GGUF") throw new Error("not GGUF");
  // The magic number, the version, and how many tensors there are.
  at = 16;
  const metadata = new Map<string, unknown>();
  for (let left = u64(); left > 0; left--) {
    const key = text();
    metadata.set(key, readers[u32()]());
  }
  return metadata;
}
