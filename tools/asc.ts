/** The AssemblyScript compiler with the one set of flags that all modules are built with. */
// deno-lint-ignore no-import-prefix -- its version is written here only
import asc from "npm:assemblyscript@0.28.20/asc";

/** Instruction sets of WebAssembly that a module may use. */
export type Build = "simd" | "relaxed";

// Warnings of the compiler about exact-width pointers (201) say nothing on wasm32; vectors that one file hands to another
// (112) do not leave the module. Without the stores that change nothing (`rse`) modules are 1.3 % smaller and as fast; with -O2
// they are 2.4 % smaller and the float32 GEMM is 1.19 times as slow.
const FLAGS =
  "-O1 --converge --noAssert --runtime stub --use abort= --enable simd --disableWarning 201 --disableWarning 112 --runPasses rse --outFile out.wasm"
    .split(" ");
const BUILD_FLAGS: Readonly<Record<Build, readonly string[]>> = {
  simd: [],
  relaxed: ["--enable", "relaxed-simd"],
};

const root = new URL("../", import.meta.url);

/** What differs from the usual. */
export interface CompileOptions {
  /** Files to compile, as paths in the repository. Default `asm/index.ts`. */
  readonly entries?: readonly string[];
  /** Texts of files that are not those of the repository. */
  readonly sources?: ReadonlyMap<string, string>;
  /** The dot product in plain SIMD, of any form (`asm/kernels/dot_plain.ts`): for tests only. */
  readonly plainDot?: boolean;
  /** More flags. */
  readonly flags?: readonly string[];
}

/** Compiles a module. The result depends on the sources alone. */
export async function compileModule(
  build: Build,
  { entries = ["asm/index.ts"], sources = new Map(), plainDot = false, flags = [] }:
    CompileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [...entries, ...FLAGS, ...BUILD_FLAGS[build], ...flags],
    {
      readFile: (name) => {
        const path = plainDot && name === "asm/kernels/dot.ts" ? "asm/kernels/dot_plain.ts" : name;
        return sources.get(path) ?? Deno.readTextFile(new URL(path, root)).catch(() => null);
      },
      writeFile: (name, contents) => {
        if (name === "out.wasm") wasm = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (stderr.toString() !== "") console.error(stderr.toString());
  if (error !== null || wasm === undefined) throw error ?? new Error("no output");
  return Uint8Array.from(wasm);
}
