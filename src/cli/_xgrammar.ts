/**
 * The library that says which tokens a JSON schema allows (XGrammar, as WebAssembly). Its version is written
 * here only. It is loaded when somebody asks for JSON, and by a name that nothing sees before, because it is
 * four times as large as all of the rest.
 */
import process from "node:process";
import { FewbitError } from "../errors.ts";

/** What is used of it. */
export interface XGrammar {
  readonly Grammar: { builtinJSONGrammar(): Promise<Disposed> };
  readonly TokenizerInfo: {
    createTokenizerInfo(
      vocabulary: readonly string[],
      kind: "byte_level" | "byte_fallback" | "raw",
      prependsSpace: boolean,
      size: number,
      stopIds: readonly number[],
    ): Promise<Disposed>;
  };
  readonly GrammarCompiler: {
    createGrammarCompiler(info: Disposed, isCached: boolean): Promise<Compiler>;
  };
  readonly GrammarMatcher: { createGrammarMatcher(compiled: Disposed): Promise<Matcher> };
}

/** What lies in its memory until it is let go. */
export interface Disposed {
  dispose(): void;
}

/** Makes grammars. */
export interface Compiler extends Disposed {
  compileJSONSchema(
    schema: string,
    anyWhitespace: boolean,
    indent?: number,
    separators?: undefined,
    isStrict?: boolean,
  ): Promise<Disposed>;
}

/** A text that is being matched. */
export interface Matcher extends Disposed {
  getNextTokenBitmask(): Promise<Int32Array>;
  acceptToken(id: number): boolean;
}

const PACKAGE = "npm:@mlc-ai/web-xgrammar@0.1.27";
/** As Node knows it. */
const NAME = "@mlc-ai/web-xgrammar";

let loading: Promise<XGrammar> | undefined;

/** Loads the library, once. */
export function xgrammar(): Promise<XGrammar> {
  return loading ??= load();
}

/**
 * The package says that it is an ES module and holds a script for CommonJS or the web (UMD), which asks
 * `location` where it is. So it gets one, and puts its exports where a web page would have them. What it writes
 * on standard error quotes its input, which users wrote: it gets nowhere.
 */
async function load(): Promise<XGrammar> {
  const scope = globalThis as { location?: unknown; xgrammar?: XGrammar };
  const before = Object.getOwnPropertyDescriptor(scope, "location");
  Object.defineProperty(scope, "location", {
    value: { href: import.meta.url },
    configurable: true,
    writable: true,
  });
  const { error, warn } = console;
  console.error = console.warn = () => {};
  try {
    await import(process.versions.deno === undefined ? NAME : PACKAGE);
    const { xgrammar } = scope;
    if (xgrammar === undefined) throw new Error("the library has no exports");
    // It asks where it is once more when its WebAssembly is compiled, with the first call.
    (await xgrammar.Grammar.builtinJSONGrammar()).dispose();
    return xgrammar;
  } catch (cause) {
    loading = undefined;
    throw new FewbitError(
      "unsupported",
      `Cannot answer in JSON: this server needs the package ${PACKAGE}`,
      { cause },
    );
  } finally {
    Object.assign(console, { error, warn });
    if (before === undefined) delete scope.location;
    else Object.defineProperty(scope, "location", before);
  }
}
