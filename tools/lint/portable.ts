/**
 * The rule `fewbit/portable`: what ships runs in Deno, Node, Bun and, but for files, in browsers and at the
 * edge; and it can be imported from anywhere, by path and by URL.
 */
import { pathInTree } from "./_imports.ts";

/** Names that a host of today lacks, and which has them. */
const LATER: ReadonlyMap<string, string> = new Map([
  ["DisposableStack", "Node 24"],
  ["AsyncDisposableStack", "Node 24"],
  ["Float16Array", "Node 24"],
  ["toHex", "Node 25"],
  ["fromHex", "Node 25"],
  ["setFromHex", "Node 25"],
  ["toBase64", "Node 25"],
  ["fromBase64", "Node 25"],
  ["setFromBase64", "Node 25"],
]);

/** The same for Node 22, which the command line needs. */
const LATER_THAN_20: ReadonlyMap<string, string> = new Map([
  ["fromAsync", "Node 22"],
  ["withResolvers", "Node 22"],
]);

const isLibrary = (path: string): boolean => path.startsWith("src/") || path === "mod.ts";
const isCommandLine = (path: string): boolean => path.startsWith("src/cli/") || path === "cli.ts";

export const portable: Deno.lint.Rule = {
  create(context) {
    const path = pathInTree(context.filename);
    const forCommandLine = isCommandLine(path);
    if (!isLibrary(path) && !forCommandLine) return {};
    const name = (node: Deno.lint.Identifier): void => {
      if (node.name === "Deno") {
        context.report({
          node,
          message: "Only Deno has Deno",
          hint:
            "Files are in src/files/file_system.ts and src/files/open_file.ts; the command line " +
            "has node:process and src/cli/_standard_streams.ts",
        });
      }
      const since = LATER.get(node.name) ??
        (forCommandLine ? undefined : LATER_THAN_20.get(node.name));
      if (since === undefined) return;
      context.report({
        node,
        message: `${node.name} is there since ${since}`,
        hint: "Write what the language had before",
      });
    };
    const source = (node: Deno.lint.Node | null): void => {
      if (node?.type !== "Literal" || typeof node.value !== "string") return;
      if (node.value.startsWith(".")) return;
      if (node.value.startsWith("npm:")) return;
      if (!node.value.startsWith("node:")) {
        context.report({
          node,
          message: `"${node.value}" is known to an import map only`,
          hint:
            "Import it by npm: with its version, in a file of its own from which others take it",
        });
      } else if (!forCommandLine) {
        context.report({
          node,
          message: `Bundlers for browsers look for ${node.value}`,
          hint: "builtinModule in src/files/host.ts asks for it when it is needed",
        });
      }
    };
    return {
      Identifier: name,
      ImportDeclaration: (node) => source(node.source),
      ExportNamedDeclaration: (node) => source(node.source),
      ExportAllDeclaration: (node) => source(node.source),
      ImportExpression: (node) => source(node.source),
    };
  },
};
