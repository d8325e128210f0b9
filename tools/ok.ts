/**
 * `deno task ok`: the gate. Runs every check, also after one has failed, and says at the end which.
 *
 * @module
 */
import { documentedSizes } from "./_documented_sizes.ts";
import { PROJECTS } from "./_projects.ts";
import { entryBudgets, importGraphBytes, sizeBudgets } from "./_sizes.ts";

/** Entries of the package. */
const ENTRIES = [
  "mod.ts",
  "src/runtime.ts",
  "src/embedder.ts",
  "src/generator.ts",
  "src/server.ts",
  "src/train.ts",
  "src/webgpu.ts",
];

const checks: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["format", ["fmt", "--check"]],
  ["format of asm/", ["run", "-A", "tools/fmt_asm.ts", "--check"]],
  ["lint", ["lint"]],
  ["house", ["run", "-A", "tools/house.ts", "--check"]],
  ...PROJECTS.map(({ config, sources }) =>
    [`types and locked versions of ${sources.join(", ")}`, [
      "check",
      "--frozen",
      "--config",
      config,
      ...sources,
    ]] as const
  ),
  ["documentation", ["doc", "--lint", ...ENTRIES]],
  ["lists of instructions", ["run", "-A", "tools/generate_lists.ts", "--check"]],
  ["tables of Unicode", ["run", "-A", "tools/unicode.ts", "--check"]],
  ["wasm is reproducible", ["run", "-A", "tools/build.ts", "--check"]],
  ["bundle is reproducible", ["run", "-A", "tools/bundle.ts", "--check"]],
  ["packages of npm", ["run", "-A", "tools/package.ts", "--check"]],
  ["package of JSR", ["publish", "--dry-run", "--allow-dirty"]],
  ["examples in the documentation", ["run", "-A", "test/examples/main.ts"]],
  ["tests", ["task", "test"]],
  ["CONTRIBUTING.md carried out", [
    "test",
    "-A",
    "--config",
    "test/deno.json",
    "test/contributing",
  ]],
];

const failures: string[] = [];
for (const [name, args] of checks) {
  console.log(`-- ${name}: deno ${args.join(" ")}`);
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args] }).spawn().status;
  if (!success) failures.push(name);
}
console.log("-- sizes");
for (
  const { name, bytes, budget } of [
    ...sizeBudgets(),
    ...await entryBudgets(),
    await importGraphBytes(),
  ]
) {
  const fits = bytes <= budget;
  console.log(`${fits ? "ok" : "FAILED"} ${name}: ${bytes} of ${budget} bytes`);
  if (!fits) failures.push(name);
}
console.log("-- sizes in the documentation");
for (const { place, told, measured } of await documentedSizes()) {
  const holds = told === measured;
  console.log(`${holds ? "ok" : "FAILED"} ${place}: ${told ?? "nothing"}, measured ${measured}`);
  if (!holds) failures.push(place);
}
if (failures.length > 0) {
  console.error(`FAILED: ${failures.join(", ")}`);
  Deno.exit(1);
}
console.log("ok");
