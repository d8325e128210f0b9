/** The table of hashes as Markdown, written and read. */
import { table } from "../../../tools/markdown_table.ts";

/** What a host gave for a row: a hash, or why there is none. */
export type Cell =
  | { readonly hash: string; readonly isSlow: boolean }
  | { readonly reason: string };

/** A row: what is hashed, and a cell for each host. */
export interface Row {
  readonly title: string;
  readonly cells: readonly Cell[];
}

/** Digits of a hash in a cell. */
const SHOWN = 8;

/** Marks what only the task computes. */
const SLOW = " \\*";

/** Both tables: the cells, and the whole hash of each row. */
export function writeTable(hosts: readonly string[], rows: readonly Row[]): string {
  const text = (cell: Cell): string =>
    "reason" in cell ? cell.reason : `\`${cell.hash.slice(0, SHOWN)}\`${cell.isSlow ? SLOW : ""}`;
  return [
    table(["", ...hosts], rows.map(({ title, cells }) => [title, ...cells.map(text)])),
    table(["", "SHA-256"], rows.map((row) => [row.title, `\`${hashOf(row)}\``])),
  ].join("\n\n");
}

/** The hash of a row. */
export function hashOf({ title, cells }: Row): string {
  const hashes = new Set(cells.flatMap((cell) => "hash" in cell ? [cell.hash] : []));
  if (hashes.size === 1) return [...hashes][0];
  throw new Error(`${title}: ${hashes.size} different hashes: ${[...hashes].join(", ")}`);
}

/**
 * The rows of a text with both tables; none of one without.
 *
 * @throws {Error} Where a cell is not the beginning of its row's hash.
 */
export function readTable(text: string): { hosts: string[]; rows: Row[] } {
  const lines = text.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  const isRuler = ([first]: string[]): boolean => /^-+$/.test(first);
  const heads = lines.flatMap((_, i) => i + 1 < lines.length && isRuler(lines[i + 1]) ? [i] : []);
  if (heads.length !== 2) return { hosts: [], rows: [] };
  const [cells, whole] = heads.map((head, i) => lines.slice(head + 2, heads[i + 1]));
  const hashes = new Map(whole.map(([title, hash]) => [title, hash.replaceAll("`", "")]));
  const rows = cells.map(([title, ...others]) => ({
    title,
    cells: others.map((cell): Cell => {
      const shown = /^`([0-9a-f]+)`( \\\*)?$/.exec(cell);
      if (shown === null) return { reason: cell };
      const hash = hashes.get(title) ?? "";
      if (shown[1].length === SHOWN && hash.startsWith(shown[1])) {
        return { hash, isSlow: shown[2] !== undefined };
      }
      throw new Error(`${title}: ${shown[1]} is not the beginning of ${hash}`);
    }),
  }));
  return { hosts: lines[heads[0]].slice(1), rows };
}
