/**
 * The walls of the house: who may import whom. The lint rule `fewbit/walls` and `deno task house` read
 * this table; ARCHITECTURE.md shows it.
 */

/**
 * Folders and files of `src`, from low to high. One imports from lower levels only; those of one level do
 * not import one another. A folder that is named here is apart from the one that it lies in.
 */
export const LEVELS: readonly (readonly string[])[] = [
  ["errors.ts", "foreign_file.ts", "tensor.ts", "event_loop.ts", "format_bytes.ts", "base64.ts"],
  ["json.ts"],
  ["numeric", "files"],
  ["layouts", "formats"],
  ["instructions", "text", "vision"],
  ["program"],
  ["engines", "graph"],
  ["models", "lower", "gradients", "runtime.ts", "webgpu.ts"],
  ["quantize", "inspect", "training"],
  ["checkpoints"],
  ["compile"],
  ["pipelines"],
  ["pipelines/image", "pipelines/embedding", "pipelines/text"],
  ["serve", "search", "embedder.ts", "generator.ts", "train.ts"],
  ["cli", "server.ts"],
];

/** Entries in the root of the tree: above all of `src`. */
const ENTRIES = ["mod.ts", "cli.ts"];
/** What is built, trained or set, not written as code: below all. */
const DATA = ["wasm", "models", "deno.json"];

const levelOfUnit = new Map(LEVELS.flatMap((units, level) => units.map((unit) => [unit, level])));

/** A part of the tree with a place in the order. */
export interface Unit {
  readonly name: string;
  /** `undefined` where no table says what level it has. */
  readonly level: number | undefined;
}

/** The unit that a file belongs to, by its path in the tree (`src/graph/graph.ts`). */
export function unitOf(path: string): Unit {
  const [top, ...rest] = path.split("/");
  if (DATA.includes(top)) return { name: top, level: -1 };
  if (ENTRIES.includes(path)) return { name: path, level: LEVELS.length };
  if (top !== "src") return { name: top, level: LEVELS.length + 1 };
  for (let length = rest.length; length > 0; length--) {
    const name = rest.slice(0, length).join("/");
    const level = levelOfUnit.get(name);
    if (level !== undefined) return { name, level };
  }
  return { name: rest[0], level: undefined };
}

/** Whether an import from one file to another goes up, or to a neighbour of the same level. */
export function crossesWall(from: string, to: string): boolean {
  const [importer, imported] = [unitOf(from), unitOf(to)];
  if (importer.name === imported.name) return false;
  if (importer.level === undefined || imported.level === undefined) return false;
  // Tests, tools, benchmarks and examples take from one another what they need.
  if (importer.level > LEVELS.length) return false;
  return imported.level >= importer.level;
}
