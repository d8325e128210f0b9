/** What the rules about imports share. */

const root = new URL("../../", import.meta.url).pathname;

/** Path of a file in the tree. */
export function pathInTree(filename: string): string {
  return filename.startsWith(root) ? filename.slice(root.length) : filename;
}

/** A visitor that is called for each import and re-export of a file of the tree. */
export function visitImports(
  from: string,
  visit: (source: Deno.lint.StringLiteral, to: string) => void,
): Deno.lint.LintVisitor {
  const seen = (source: Deno.lint.Node | null): void => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    if (!source.value.startsWith(".")) return;
    visit(
      source as Deno.lint.StringLiteral,
      new URL(source.value, `file:///${from}`).pathname.slice(1),
    );
  };
  return {
    ImportDeclaration: ({ source }) => seen(source),
    ExportNamedDeclaration: ({ source }) => seen(source),
    ExportAllDeclaration: ({ source }) => seen(source),
    ImportExpression: ({ source }) => seen(source),
  };
}
