/** What is measured of a tree's order. */
import { crossesWall, unitOf } from "../lint/levels.ts";
import { isGenerated, lineCount, MAX_LINES } from "../lint/max_lines.ts";
import { isShipped, unshippedReference } from "../lint/shipped_references.ts";
import type { Tree } from "./tree.ts";
import { circles } from "./circles.ts";
import { copiesIn } from "./copies.ts";
import type { Copy } from "./copies.ts";
import { importsOf } from "./imports.ts";

/** Comments; what looks like one in a text between quotes is read, too. */
const COMMENTS = /\/\/.*|\/\*[^]*?\*\//g;

/** The order of a tree; all lists are better empty. */
export interface HouseReport {
  /** Folders that import one another. */
  readonly folderCircles: readonly (readonly string[])[];
  /** Files that import more than types of one another. */
  readonly fileCircles: readonly (readonly string[])[];
  /** Imports that go up or to a neighbour, `from → to`. */
  readonly upward: readonly string[];
  /** Folders of src that the table of levels does not know. */
  readonly unknown: readonly string[];
  /** Files that are too long, with their lines. */
  readonly long: readonly (readonly [path: string, lines: number])[];
  /** Comments in what ships that cite what does not. */
  readonly references: readonly string[];
  /** Blocks in src and asm that stand twice. */
  readonly copies: readonly Copy[];
  /** Lines that people wrote, by folder, and how many of them are in generated files. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Measures a tree. */
export function houseReport(tree: Tree): HouseReport {
  const imports = importsOf(tree);
  const written = [...tree].filter(([, text]) => !isGenerated(text));
  const lines = new Map<string, number>();
  for (const [path, text] of tree) {
    const folder = isGenerated(text) ? "generated" : folderOf(path);
    lines.set(folder, (lines.get(folder) ?? 0) + lineCount(text));
  }
  return {
    folderCircles: circles(imports.map(({ from, to }) => [folderOf(from), folderOf(to)])),
    fileCircles: circles(
      imports.filter(({ types }) => !types).map(({ from, to }) => [from, to]),
    ),
    upward: imports.filter(({ from, to }) => crossesWall(from, to))
      .map(({ from, to }) => `${from} → ${to}`),
    unknown: [
      ...new Set(
        [...tree.keys()].map(unitOf).filter((unit) => unit.level === undefined)
          .map(({ name }) => name),
      ),
    ].sort(),
    long: written.map(([path, text]) => [path, lineCount(text)] as const)
      .filter(([, count]) => count > MAX_LINES).sort(([, a], [, b]) => b - a),
    references: [...tree].filter(([path]) => isShipped(path)).flatMap(([path, text]) =>
      (text.match(COMMENTS) ?? []).map(unshippedReference)
        .filter((reference) => reference !== undefined)
        .map((reference) => `${path}: ${reference}`)
    ),
    copies: copiesIn(written.filter(([path]) => /^(?:src|asm)\/.*\.ts$/.test(path))),
    lines,
  };
}

/**
 * The folder that an import counts for: a unit of the table of levels in src, a folder in asm, else what
 * lies in the root. A generated file of asm stands for itself: some are tables for the others, one calls
 * them.
 */
function folderOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "src") return `src/${unitOf(path).name}`;
  if (path.startsWith("asm/generated/")) return path;
  return parts.length === 1 ? path : parts[0] === "asm" ? parts.slice(0, -1).join("/") : parts[0];
}
