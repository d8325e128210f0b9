/** Size budgets of what users load. */
import { bundleModule } from "../examples/bundle.ts";

/** A size and what it may be. */
export interface SizeBudget {
  readonly name: string;
  readonly bytes: number;
  readonly budget: number;
}

/** Most bytes of a WebAssembly module. */
export const MODULE_BUDGET = 120_000;

/** Most bytes of the module for training. */
export const TRAIN_BUDGET = 160_000;

/** The built files. */
export function sizeBudgets(): SizeBudget[] {
  return [
    ["wasm/fewbit.simd.wasm", MODULE_BUDGET],
    ["wasm/fewbit.relaxed.wasm", MODULE_BUDGET],
    ["dist/runtime.js", 220_000],
  ].map(([name, budget]) => ({
    name: name as string,
    bytes: Deno.statSync(new URL(`../${name}`, import.meta.url)).size,
    budget: budget as number,
  }));
}

/** The small entries as bundles for browsers, without any package. */
export async function entryBudgets(): Promise<SizeBudget[]> {
  const budgets: SizeBudget[] = [];
  for (const [name, budget] of [["embedder", 210_000], ["generator", 260_000]] as const) {
    const bundle = await bundleModule(new URL(`../src/${name}.ts`, import.meta.url));
    budgets.push({ name: `./${name}, bundled`, bytes: new Blob([bundle]).size, budget });
  }
  return budgets;
}

/** All modules that `./runtime` imports, with both wasm builds inlined. */
export async function importGraphBytes(): Promise<SizeBudget> {
  const runtime = new URL("../src/runtime.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", runtime] })
    .output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; size?: number }[];
  };
  const outside = modules.filter(({ specifier }) => !specifier.startsWith("file:"));
  if (outside.length > 0) throw new Error(`./runtime imports ${outside[0].specifier}`);
  const bytes = modules.reduce((sum, { size = 0 }) => sum + size, 0);
  return { name: "import graph of ./runtime", bytes, budget: 300_000 };
}
