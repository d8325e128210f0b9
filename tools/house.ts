/**
 * `deno task house`: the order of the tree, measured from it.
 *
 *     deno run -A tools/house.ts [--rev REV] [--check]
 *
 * Prints circles between folders and between files, imports that go up, files that are too long,
 * comments in what ships that cite what does not, blocks that stand twice, and lines by folder; with
 * `--rev` the same for that revision in a column before. With `--check` it fails where one of them but
 * copies and lines is not 0: what `deno lint` says of the files that it sees, for all of them.
 */
import { parseArgs } from "node:util";
import { houseReport } from "./house/report.ts";
import type { HouseReport } from "./house/report.ts";
import { currentTree, shortName, treeAt } from "./house/tree.ts";

/** A number of a report, and what it counts. */
interface Row {
  readonly name: string;
  readonly of: (report: HouseReport) => number;
  /** The places, a line each. */
  readonly places: (report: HouseReport) => readonly string[];
  /** Whether the gate fails where it is not 0. */
  readonly checked: boolean;
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);

const ROWS: readonly Row[] = [
  {
    name: "circles between folders",
    of: ({ folderCircles }) => folderCircles.length,
    places: ({ folderCircles }) => folderCircles.map((each) => each.join(", ")),
    checked: true,
  },
  {
    name: "folders in circles",
    of: ({ folderCircles }) => folderCircles.flat().length,
    places: () => [],
    checked: true,
  },
  {
    name: "circles between files",
    of: ({ fileCircles }) => fileCircles.length,
    places: ({ fileCircles }) => fileCircles.map((each) => each.join(", ")),
    checked: true,
  },
  {
    name: "upward imports",
    of: ({ upward }) => upward.length,
    places: ({ upward }) => upward,
    checked: true,
  },
  {
    name: "folders without a level",
    of: ({ unknown }) => unknown.length,
    places: ({ unknown }) => unknown,
    checked: true,
  },
  {
    name: "files over 400 lines",
    of: ({ long }) => long.length,
    places: ({ long }) => long.map(([path, lines]) => `${path}: ${lines}`),
    checked: true,
  },
  {
    name: "references to what is not here",
    of: ({ references }) => references.length,
    places: ({ references }) => references,
    checked: true,
  },
  {
    name: "copies of 8 lines and more",
    of: ({ copies }) => copies.length,
    places: ({ copies }) =>
      copies.map(({ places: [a, b], lines }) =>
        `${lines} lines: ${a.path}:${a.line}, ${b.path}:${b.line}`
      ),
    checked: false,
  },
  {
    name: "lines in copies",
    of: ({ copies }) => sum(copies.map(({ lines }) => lines)),
    places: () => [],
    checked: false,
  },
];

const { values } = parseArgs({
  options: { rev: { type: "string" }, check: { type: "boolean", default: false } },
});
const columns: (readonly [name: string, report: HouseReport])[] = [];
if (values.rev !== undefined) {
  columns.push([await shortName(values.rev), houseReport(await treeAt(values.rev))]);
}
const now = houseReport(await currentTree());
columns.push(["now", now]);

const line = (name: string, cells: readonly (string | number)[]): string =>
  `${name.padEnd(32)}${cells.map((cell) => String(cell).padStart(10)).join("")}`;
console.log(line("", columns.map(([name]) => name)));
for (const { name, of } of ROWS) console.log(line(name, columns.map(([, report]) => of(report))));
console.log("\nlines by folder");
const folders = new Set(columns.flatMap(([, { lines }]) => [...lines.keys()]));
for (const folder of [...folders].sort()) {
  console.log(line(folder, columns.map(([, { lines }]) => lines.get(folder) ?? "")));
}
console.log(line("all", columns.map(([, { lines }]) => sum(lines.values()))));
for (const [name, report] of columns) {
  for (const row of ROWS) {
    const places = row.places(report);
    if (places.length > 0) console.log(`\n${row.name}, ${name}`);
    for (const place of places) console.log(`  ${place}`);
  }
}
const failures = ROWS.filter(({ checked, of }) => checked && of(now) > 0);
if (values.check && failures.length > 0) {
  console.error(`FAILED: ${failures.map(({ name }) => name).join(", ")}`);
  Deno.exit(1);
}
