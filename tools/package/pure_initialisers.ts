/**
 * Marks what bundlers may leave out. A constant of a module is used or it is not: computing it does nothing
 * else in this house. Bundlers cannot know that of a call, so that one import would bring all tables of
 * all modules along. Each initialiser that is more than a literal or a function becomes a call that is
 * marked as pure; lines stay where they are.
 *
 * @module
 */
// deno-lint-ignore no-import-prefix -- the version is that of tools/bundle.ts, which a test compares
import ts from "npm:typescript@6.0.3";

/** A module with its constants marked. */
export function markPureInitialisers(name: string, text: string): string {
  const module = ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true);
  let marked = text;
  // From the end, so that places before stay right.
  for (const { start, end } of initialisersOf(module).reverse()) {
    marked = `${marked.slice(0, start)}/* @__PURE__ */ (() => (${marked.slice(start, end)}))()${
      marked.slice(end)
    }`;
  }
  return marked;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function initialisersOf(module: ts.SourceFile): Range[] {
  const ranges: Range[] = [];
  const add = (initializer: ts.Expression | undefined): void => {
    if (initializer === undefined || isPlain(initializer)) return;
    ranges.push({ start: initializer.getStart(), end: initializer.getEnd() });
  };
  for (const statement of module.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { initializer } of statement.declarationList.declarations) add(initializer);
    } else if (ts.isClassDeclaration(statement)) {
      for (const member of statement.members) {
        if (!ts.isPropertyDeclaration(member)) continue;
        const modifiers = ts.getModifiers(member) ?? [];
        if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)) {
          add(member.initializer);
        }
      }
    }
  }
  return ranges;
}

/** What every bundler knows to do nothing. */
function isPlain(node: ts.Expression): boolean {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return isPlain(node.expression);
  return ts.isLiteralExpression(node) || ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) || ts.isIdentifier(node) ||
    [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(node.kind);
}
