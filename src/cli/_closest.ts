/** The name that was probably meant: the one with the fewest changes, if these are few. */
export function closest(given: string, names: readonly string[]): string | undefined {
  const plain = given.toLowerCase().replaceAll("_", "-");
  let [best, least]: [string | undefined, number] = [undefined, Infinity];
  for (const name of names) {
    const changes = plain === name || name.replaceAll("-", "") === plain.replaceAll("-", "")
      ? 0
      : distance(plain, name);
    // A beginning is meant as a whole.
    const cost = plain.length > 1 && name.startsWith(plain) ? Math.min(changes, 1) : changes;
    if (cost < least) [best, least] = [name, cost];
  }
  return least <= Math.max(1, Math.floor(plain.length / 3)) ? best : undefined;
}

/** Letters to insert, remove, replace, or swap with their neighbours (Damerau, restricted). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1], [i]];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(
        above[j] + 1,
        row[j - 1] + 1,
        above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
      }
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
