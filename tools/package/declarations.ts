/**
 * The package's declarations: a file for each module that an entry's types need. Those of fewbit are so
 * explicit that a file is enough to know its declarations.
 *
 * What comes out is understood by TypeScript 5.4 and later: imports end in `.js`, `Disposable` brings its
 * library, and arrays over an `ArrayBuffer` are named by what makes them, which has a type parameter
 * since 5.7 and none before.
 *
 * @module
 */
// deno-lint-ignore no-import-prefix -- the version is that of tools/bundle.ts, which a test compares
import ts from "npm:typescript@6.0.3";
import { bareName } from "../bare_names.ts";
import { ENTRIES, ROOT } from "./entries.ts";

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  isolatedDeclarations: true,
  declaration: true,
};

const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/** Names below `types/` and contents. */
export async function declarations(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const waiting = Object.values(ENTRIES);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const name = path.replace(/\.ts$/, ".d.ts");
    if (files.has(name)) continue;
    const { text, imports } = declaration(path, await Deno.readTextFile(new URL(path, ROOT)));
    files.set(name, text);
    waiting.push(...imports);
  }
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

interface Declaration {
  readonly text: string;
  /** Modules of the repository that it imports. */
  readonly imports: readonly string[];
}

function declaration(path: string, source: string): Declaration {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName: path,
    compilerOptions: OPTIONS,
    reportDiagnostics: true,
  });
  if (diagnostics.length > 0) {
    const why = ts.flattenDiagnosticMessageText(diagnostics[0].messageText, " ");
    throw new Error(`No declarations of ${path}: ${why}`);
  }
  const imports: string[] = [];
  let text = withoutRepeated(outputText);
  for (const specifier of specifiersOf(text).reverse()) {
    const start = specifier.getStart() + 1;
    if (specifier.text.startsWith(".")) {
      imports.push(new URL(specifier.text, new URL(path, ROOT)).href.slice(ROOT.href.length));
    }
    const renamed = specifier.text.startsWith(".")
      ? specifier.text.replace(/\.ts$/, ".js")
      : bareName(specifier.text);
    text = text.slice(0, start) + renamed + text.slice(start + specifier.text.length);
  }
  text = text.replaceAll(/\b(\w+Array)<ArrayBuffer>/g, 'ReturnType<$1Constructor["of"]>');
  const disposes = /\b(Async)?Disposable\b|\[Symbol\.(asyncD|d)ispose\]/.test(text);
  return { text: disposes ? DISPOSABLE + text : text, imports };
}

/** Where a declaration says from which module something is. */
function specifiersOf(text: string): ts.StringLiteral[] {
  const found: ts.StringLiteral[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
      ? node.argument.literal
      : undefined;
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push(specifier);
    ts.forEachChild(node, visit);
  };
  visit(parsed(text));
  return found;
}

/**
 * A class without the properties that repeat a method: TypeScript 6.0 declares `[Symbol.dispose]()` twice where
 * it sees one file only.
 */
function withoutRepeated(text: string): string {
  const repeated: ts.ClassElement[] = [];
  for (const statement of parsed(text).statements) {
    if (!ts.isClassDeclaration(statement)) continue;
    const nameOf = ({ name }: ts.ClassElement): string | undefined => name?.getText();
    const methods = new Set(statement.members.filter(ts.isMethodDeclaration).map(nameOf));
    repeated.push(
      ...statement.members.filter((member) =>
        ts.isPropertyDeclaration(member) && methods.has(nameOf(member))
      ),
    );
  }
  for (const member of repeated.reverse()) {
    text = text.slice(0, member.getFullStart()) + text.slice(member.getEnd());
  }
  return text;
}

function parsed(text: string): ts.SourceFile {
  return ts.createSourceFile("module.d.ts", text, ts.ScriptTarget.ESNext, true);
}
