import { Unpacker } from "./_unpack.ts";

/** Code points and what they become, as tools/make_unicode.py packs it (`pack_mapping`). */
export function unpackMapping(text: string): Map<number, readonly number[]> {
  const mapping = new Map<number, readonly number[]>();
  const unpacker = new Unpacker(text);
  let end = 0;
  let last = [0];
  while (!unpacker.done) {
    const start = end + unpacker.next();
    const kind = unpacker.next();
    if (kind % 2 === 0) {
      const length = kind / 2 + 1;
      const first = last[0] + unpacker.signed();
      for (let i = 0; i < length; i++) mapping.set(start + i, [first + i]);
      last = [first + length];
      end = start + length;
    } else {
      const length = (kind - 1) / 2 + 2;
      const previous = last;
      const target = Array.from({ length }, (_, k) => unpacker.signed() + (previous[k] ?? 0));
      mapping.set(start, target);
      last = [...target, ...previous.slice(length)];
      end = start + 1;
    }
  }
  return mapping;
}
