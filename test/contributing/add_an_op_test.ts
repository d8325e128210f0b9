/**
 * Carries out the example of CONTRIBUTING.md in a copy of the tree: writes the files as it says, builds,
 * and runs the op on all engines, in the conformance suite and in a graph.
 */
import assert from "node:assert/strict";
import { copyOfTree } from "../../tools/checkout.ts";

/** A numbered step: where its code goes, and the code. */
interface Step {
  readonly path: string;
  /** Text before which the code is put; without one it is the whole file, or at its end. */
  readonly before?: string;
  readonly append: boolean;
  readonly code: string;
}

const STEP =
  /^\d+\. \*\*[^*]+\*\*: (at the end of |before `(\w+)` in )?`([^`]+)`[^]*?```ts\n([^]*?)^ *```$/gm;

function stepsOf(text: string): Step[] {
  const section = text.slice(text.indexOf("\n## Add an op"), text.indexOf("\n## Speed"));
  return [...section.replaceAll(/\s+(?=in `)/g, " ").matchAll(STEP)].map((
    [, place, before, path, code],
  ) => ({
    path,
    ...before !== undefined && { before },
    append: place !== undefined && before === undefined,
    // Blocks are three spaces in, as their list is.
    code: code.replaceAll(/^ {3}/gm, ""),
  }));
}

async function carryOut(folder: string, { path, before, append, code }: Step): Promise<void> {
  const file = `${folder}/${path}`;
  if (append) return await Deno.writeTextFile(file, `\n${code}`, { append: true });
  if (before === undefined) return await Deno.writeTextFile(file, code, { createNew: true });
  const parts = (await Deno.readTextFile(file)).split(new RegExp(`^(?=  ${before}\\()`, "m"));
  assert.equal(parts.length, 2, `${before} stands once in ${path}`);
  await Deno.writeTextFile(file, parts.join(code.replaceAll(/^(?=.)/gm, "  ")));
}

/** What the example makes possible. */
const GRAPH = `
import assert from "node:assert/strict";
import { compile, Graph, load, ops } from "./mod.ts";

const graph = new Graph();
const x = graph.input("x", "i8", [2, 5]);
let y = x;
for (let i = 0; i < 3; i++) y = graph.apply(ops.negate, { x: y });
graph.output("y", y);
const program = compile(graph);
const codes = Int8Array.of(-128, -127, -1, 0, 127, 5, 6, 7, 8, 9);
for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
  using instance = await load(program, { engine });
  const { y } = await instance.run({ x: codes });
  assert.deepEqual([...y.data], [127, 127, 1, 0, -127, -5, -6, -7, -8, -9], engine);
  console.log(engine);
}
`;

async function deno(folder: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `deno ${args.join(" ")}: ${out}${error}`);
  return out;
}

Deno.test("CONTRIBUTING.md: an op from the graph to the kernel in six files", async () => {
  const steps = stepsOf(
    await Deno.readTextFile(new URL("../../CONTRIBUTING.md", import.meta.url)),
  );
  const isOfGraph = ({ path }: Step): boolean => /^src\/(?:graph|lower|quantize)\//.test(path);
  assert.equal(new Set(steps.map(({ path }) => path)).size, 6);
  assert.equal(steps.filter((step) => !isOfGraph(step)).length, 4);
  const folder = await Deno.makeTempDir();
  try {
    await copyOfTree(folder);
    for (const step of steps) await carryOut(folder, step);
    await deno(folder, "task", "build");
    await deno(folder, "check", "mod.ts", "src", "test/conformance/cases.ts");
    await deno(folder, "lint", "src");
    const paths = steps.map(({ path }) => path).filter((path) => !path.startsWith("asm/"));
    await deno(folder, "fmt", "--check", ...paths);
    await deno(folder, "run", "-A", "tools/fmt_asm.ts", "--check");
    const suite = "test/conformance/conformance_test.ts";
    const tests = await deno(
      folder,
      "test",
      "-A",
      "--no-check",
      "--config",
      "test/deno.json",
      "--filter",
      "/^(negate|every) /",
      suite,
    );
    assert.match(tests, /\b3 passed/);
    await Deno.writeTextFile(`${folder}/negate_graph.ts`, GRAPH);
    const engines = await deno(folder, "run", "-A", "--check", "negate_graph.ts");
    assert.deepEqual(engines.trim().split("\n"), ["reference", "wasm-simd", "wasm-relaxed"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
