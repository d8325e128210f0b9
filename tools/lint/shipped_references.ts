/**
 * The rule `fewbit/shipped-references`: a comment in what ships cites only what its reader has: papers,
 * standards, and files of this tree.
 */
import { pathInTree } from "./_imports.ts";

/** Files that readers of the package have. */
const SHIPPED = /^(?:src|asm|wasm)\/|^(?:mod|cli)\.ts$/;
/** A path that leaves the tree, a document by a section, notes by their name and section. */
const OUTSIDE =
  /(?:^|[\s("'`])(?:\.\.\/)*(?:spec|shared)\/[\w./-]*|\b[\w-]+\.md §[\w.]*|\bspec [\w-]+ §[\w.]*|\bissue #?\d+/i;

/** What a text cites that does not ship, if it does; used for files that deno lint does not see, too. */
export function unshippedReference(comment: string): string | undefined {
  return OUTSIDE.exec(comment)?.[0].trim();
}

/** Whether comments of a file are read by users of the package. */
export function isShipped(path: string): boolean {
  return SHIPPED.test(path);
}

export const shippedReferences: Deno.lint.Rule = {
  create(context) {
    if (!isShipped(pathInTree(context.filename))) return {};
    return {
      Program() {
        for (const { value, range } of context.sourceCode.getAllComments()) {
          const reference = unshippedReference(value);
          if (reference === undefined) continue;
          context.report({
            range,
            message: `The comment cites "${reference}", which is not shipped`,
            hint: "Name the paper with its section or equation, or state the formula",
          });
        }
      },
    };
  },
};
