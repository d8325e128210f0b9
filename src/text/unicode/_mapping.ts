import { Unpacker } from "./_unpack.ts";

/** Code points and what they become, as tools/make_unicode.py packs it (`pack_mapping`). */
export function unpackMapping(text: string): Map<number, readonly number[]> {
  const mapping = new Map<number, readonly number[]>();
  const unpacker = new Unpacker(text);
  let code = 0;
  let last: number[] = [];
  while (!unpacker.done) {
    code += unpacker.next();
    const header = unpacker.next();
    const [run, size] = [Math.floor(header / 20) + 1, header % 20];
    for (let i = 0; i < run; i++) {
      const target = size === 0 && i > 0
        ? [last[0] + 1]
        : Array.from({ length: size || 1 }, (_, k) => unpacker.signed() + (last[k] ?? 0));
      mapping.set(code++, target);
      last = [...target, ...last.slice(target.length)];
    }
  }
  return mapping;
}
