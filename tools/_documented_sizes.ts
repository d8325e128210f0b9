/** Sizes that the documentation tells, beside those of what is built. */
import { workerModule } from "../examples/workers/build.ts";

/** A size in a text. */
export interface DocumentedSize {
  readonly path: string;
  /** What the text says, in kB; nothing where it does not say it any more. */
  readonly told?: number;
  readonly bytes: number;
}

const root = new URL("../", import.meta.url);
const sizeOf = (path: string): number => Deno.statSync(new URL(path, root)).size;

/** Files, what comes around the number in them (white space counts as one space), and what was measured. */
export async function documentedSizes(): Promise<DocumentedSize[]> {
  const worker = new TextEncoder().encode(await workerModule()).length;
  const wasm = sizeOf("wasm/fewbit.simd.wasm");
  const places: readonly (readonly [path: string, pattern: RegExp, bytes: number])[] = [
    ["README.md", /has no imports and takes (\d+) kB/, wasm],
    ["README.md", /with both builds is a (\d+) kB file/, sizeOf("dist/runtime.js")],
    ["README.md", /\(a module of (\d+) kB\)/, worker],
    ["examples/workers/README.md", /worker\.js, (\d+) kB/, worker],
    ["ARCHITECTURE.md", /kB instead of (\d+)\)/, sizeOf("wasm/fewbit.relaxed.wasm")],
  ];
  return places.map(([path, pattern, bytes]) => {
    const text = Deno.readTextFileSync(new URL(path, root)).replaceAll(/\s+/g, " ");
    const told = pattern.exec(text)?.[1];
    return { path, bytes, ...told !== undefined && { told: Number(told) } };
  });
}
