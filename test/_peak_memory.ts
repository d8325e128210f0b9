/** Memory of a process of its own: tests run beside each other in one. */
import assert from "node:assert/strict";

const MEASURE = new URL("_measure_memory.ts", import.meta.url).pathname;

/**
 * Runs the function `run` of a module and gives the most bytes that its process had in memory (Linux), or those at its end.
 *
 * @param args What `run` is called with.
 */
export async function peakMemory(module: URL, ...args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-qA", MEASURE, module.href, ...args],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1));
}
