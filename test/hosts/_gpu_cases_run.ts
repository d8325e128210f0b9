/** What Chromium loads as one bundle: cases of the conformance suite, and arithmetic, on its GPU. */
import { decodeBase64, encodeBase64 } from "../../src/base64.ts";
import { load } from "../../src/webgpu.ts";
import { runWords } from "../webgpu/_run_words.ts";

/** A prepared case as JSON; bytes in base64. */
export interface SentCase {
  readonly file: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly symbols: Readonly<Record<string, number>>;
  /** Names of the results that are wanted. */
  readonly results: readonly string[];
}

/** The bytes of the results, and how long it took to load the program (its shaders above all) and run it. */
export interface AnsweredCase {
  readonly results: readonly string[];
  readonly milliseconds: number;
}

/** Runs a case. */
export async function runCase({ file, inputs, symbols, results }: SentCase): Promise<AnsweredCase> {
  const given = Object.entries(inputs).map(([name, text]) => [name, decodeBase64(text)!] as const);
  const start = performance.now();
  using instance = await load(decodeBase64(file)!);
  const outputs = await instance.run(Object.fromEntries(given), { symbols });
  const milliseconds = performance.now() - start;
  const bytes = results.map(async (name) => {
    const { data } = outputs[name] ?? await instance.read(name);
    return encodeBase64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
  return { results: await Promise.all(bytes), milliseconds };
}

/** Runs an expression over words. */
export async function runExpression(
  expression: string,
  words: string,
): Promise<string> {
  const results = await runWords(expression, new Uint32Array(decodeBase64(words)!.buffer));
  return encodeBase64(new Uint8Array(results.buffer));
}
