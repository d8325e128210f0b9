/** Sizes that the documentation tells, beside those of what is built. */
import { workerModule } from "../examples/workers/build.ts";
import { INFERENCE_INSTRUCTIONS } from "../src/instructions/mod.ts";
import type { InstructionSpec } from "../src/instructions/mod.ts";
import { buildModule, instructionsOfFamilies, instructionsOfPrograms } from "./_build_module.ts";

/** A size in a text. */
export interface DocumentedSize {
  /** The file, and where in it there are several. */
  readonly place: string;
  /** What the text says; nothing where it does not say it any more. */
  readonly told?: number;
  /** What was measured, in the unit of the text. */
  readonly measured: number;
}

const root = new URL("../", import.meta.url);
const sizeOf = (path: string): number => Deno.statSync(new URL(path, root)).size;
const textOf = (path: string): string => Deno.readTextFileSync(new URL(path, root));

/** All of them: those in sentences in kB, those in the tables of `wasm/README.md` in bytes. */
export async function documentedSizes(): Promise<DocumentedSize[]> {
  return [...await sizesInSentences(), ...builtModules(), ...await smallerModules()];
}

/** Files, and what comes around the number in them (white space counts as one space). */
async function sizesInSentences(): Promise<DocumentedSize[]> {
  const worker = new TextEncoder().encode(await workerModule()).length;
  const wasm = sizeOf("wasm/fewbit.simd.wasm");
  const places: readonly (readonly [path: string, pattern: RegExp, bytes: number])[] = [
    ["README.md", /has no imports and takes (\d+) kB/, wasm],
    ["README.md", /with both builds is a (\d+) kB file/, sizeOf("dist/runtime.js")],
    ["README.md", /\(a module of (\d+) kB\)/, worker],
    ["examples/workers/README.md", /worker\.js, (\d+) kB/, worker],
    ["ARCHITECTURE.md", /as one packed text \([^,]*, (\d+) kB/, sizeOf("wasm/modules.ts")],
    [
      "ARCHITECTURE.md",
      /kB instead of (\d+)\)/,
      wasm + sizeOf("wasm/fewbit.relaxed.wasm"),
    ],
  ];
  return places.map(([path, pattern, bytes]) =>
    documented(
      path,
      pattern.exec(textOf(path).replaceAll(/\s+/g, " "))?.[1],
      Math.round(bytes / 1000),
    )
  );
}

const WASM_README = "wasm/README.md";
const BUILDS = ["simd", "relaxed"] as const;
const builtBytes = (build: string): number => sizeOf(`wasm/fewbit.${build}.wasm`);

/** The row `bytes` of what a build changes. */
function builtModules(): DocumentedSize[] {
  const cells = rowsOf(textOf(WASM_README)).find(([name]) => name === "bytes") ?? [];
  return BUILDS.map((build, i) =>
    documented(`${WASM_README}, ${build}`, cells[1 + i], builtBytes(build))
  );
}

/** The rows of modules that hold some of the instructions, which are built for this. */
async function smallerModules(): Promise<DocumentedSize[]> {
  const sizes: DocumentedSize[] = [];
  for (const [name, ...cells] of rowsOf(textOf(WASM_README))) {
    const instructions = instructionsOfRow(name);
    if (instructions === undefined) continue;
    const place = `${WASM_README}, ${name}`;
    sizes.push(documented(`${place}, instructions`, cells[0], instructions.length));
    for (const [i, build] of BUILDS.entries()) {
      const bytes = instructions === INFERENCE_INSTRUCTIONS
        ? builtBytes(build)
        : (await buildModule(instructions, build)).length;
      sizes.push(documented(`${place}, ${build}`, cells[1 + i], bytes));
    }
  }
  if (sizes.length === 0) throw new Error(`${WASM_README} has no table of modules`);
  return sizes;
}

/** What the first cell of a row names: all, families, or those of a model. */
function instructionsOfRow(name: string): readonly InstructionSpec[] | undefined {
  if (name === "all") return INFERENCE_INSTRUCTIONS;
  const model = /^those of `(models\/.*)`$/.exec(name)?.[1];
  if (model !== undefined) {
    return instructionsOfPrograms([Deno.readFileSync(new URL(model, root))]);
  }
  const families = /^`(core[\w,]*)`: /.exec(name)?.[1];
  return families === undefined ? undefined : instructionsOfFamilies(families.split(","));
}

/** The cells of all rows of tables in a text. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row]) =>
    row.split("|").map((cell) => cell.trim())
  );
}

function documented(place: string, told: string | undefined, measured: number): DocumentedSize {
  return { place, measured, ...told !== undefined && { told: Number(told.replaceAll(",", "")) } };
}
