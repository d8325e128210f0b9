/** The rule `fewbit/private-files`: `_name.ts` is imported from its own folder only. */
import { pathInTree, visitImports } from "./_imports.ts";

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

export const privateFiles: Deno.lint.Rule = {
  create(context) {
    const from = pathInTree(context.filename);
    // Tests look at anything.
    if (from.startsWith("test/")) return {};
    return visitImports(from, (source, to) => {
      const name = to.slice(folderOf(to).length);
      if (!name.startsWith("_") || folderOf(from) === folderOf(to)) return;
      context.report({
        node: source,
        message: `${to} is private to ${folderOf(to)}`,
        hint: `Import what the folder offers, or, if others need it, name the file ${
          name.slice(1)
        }`,
      });
    });
  },
};
