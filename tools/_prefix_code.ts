/** Prefix codes of symbols that are counted. */

/**
 * Bits of each symbol's code, 0 for those that are not there: the least sum of bits with codes of at most `most`
 * bits, by package-merge (Larmore and Hirschberg, 1990).
 */
export function codeLengths(counts: readonly number[], most: number): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  const leaves = counts.map((weight, i) => ({ weight, symbols: [i] }))
    .filter(({ weight }) => weight > 0).sort((a, b) => a.weight - b.weight);
  if (leaves.length === 1) lengths[leaves[0].symbols[0]] = 1;
  let level = leaves;
  for (let bits = 1; bits < most; bits++) {
    const pairs = Array.from({ length: level.length >> 1 }, (_, i) => {
      const [a, b] = [level[2 * i], level[2 * i + 1]];
      return { weight: a.weight + b.weight, symbols: [...a.symbols, ...b.symbols] };
    });
    level = [...leaves, ...pairs].sort((a, b) => a.weight - b.weight);
  }
  for (const { symbols } of level.slice(0, Math.max(0, 2 * leaves.length - 2))) {
    for (const symbol of symbols) lengths[symbol]++;
  }
  return lengths;
}

/** Codes of these lengths, the shorter ones first and those of one length in the order of their symbols. */
export function canonicalCodes(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let next = 0;
  for (let length = 1; length <= Math.max(0, ...lengths); length++) {
    lengths.forEach((each, i) => {
      if (each === length) codes[i] = next++;
    });
    next <<= 1;
  }
  return codes;
}
