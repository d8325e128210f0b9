/** What files import from one another. */
import type { Tree } from "./tree.ts";

/** An import from one file of the tree to another. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Of types only: nothing is left of it when the program runs. */
  readonly types: boolean;
}

/** Statements at the start of a line, and `import("…")` anywhere; of packages nothing is said. */
const IMPORT =
  /^(?:import|export)\b[^;"]*?\bfrom\s+"(\.[^"]+)"|^import "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;

/** The imports of a tree's TypeScript. */
export function importsOf(tree: Tree): Import[] {
  const imports: Import[] = [];
  for (const [from, text] of tree) {
    if (!from.endsWith(".ts")) continue;
    for (const [statement, a, b, c] of text.matchAll(IMPORT)) {
      const to = new URL(a ?? b ?? c, `file:///${from}`).pathname.slice(1);
      // AssemblyScript leaves the extension out.
      const types = /^(?:import|export) type\b/.test(statement);
      imports.push({ from, to: from.startsWith("asm/") ? `${to}.ts` : to, types });
    }
  }
  return imports;
}
