/** Packages: a version of each in the whole tree, and with what ships only what it imports. */
import assert from "node:assert/strict";
import { PROJECTS } from "../../tools/_projects.ts";
import { currentTree } from "../../tools/house/tree.ts";

const root = new URL("../../", import.meta.url);

interface Lock {
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
}

const readJson = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await Deno.readTextFile(new URL(path, root)));

const lockOf = async (config: string): Promise<Lock> =>
  await readJson(config.replace(/\.json$/, ".lock"));

/** Specifiers of packages in sources, `npm:name@version`, with the files that have them. */
async function specifiers(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const [path, text] of await currentTree()) {
    if (!path.endsWith(".ts")) continue;
    for (const [, specifier] of text.matchAll(/"(npm:\/?(?:@[^/"]+\/)?[^/"@]+@\d[^/"]*)[^"]*"/g)) {
      found.set(specifier, [...found.get(specifier) ?? [], path]);
    }
  }
  return found;
}

Deno.test("packages: no two files name two versions of one, and what ships names each in one file", async () => {
  const found = await specifiers();
  assert.ok(found.size > 8, `${found.size} packages`);
  const versions = new Map<string, string>();
  for (const [specifier, paths] of found) {
    const at = specifier.lastIndexOf("@");
    const [name, version] = [specifier.slice(0, at), specifier.slice(at + 1)];
    assert.equal(versions.get(name) ?? version, version, `${name} in ${paths}`);
    versions.set(name, version);
    const shipped = new Set(paths.filter((path) => /^(?:src\/|mod\.ts|cli\.ts)/.test(path)));
    assert.ok(shipped.size <= 1, `${specifier} in ${[...shipped]}`);
  }
});

Deno.test("packages: the lock of what ships has nothing that it does not import", async () => {
  const shipped = [...await specifiers()].filter(([, paths]) =>
    paths.some((path) => /^(?:src\/|mod\.ts|cli\.ts)/.test(path))
  ).map(([specifier]) => specifier);
  const { specifiers: locked = {}, npm = {} } = await lockOf("deno.json");
  assert.deepEqual(Object.keys(locked).sort(), shipped.sort());
  const reached = new Set(
    Object.entries(locked).map(([specifier, version]) =>
      `${specifier.replace(/^npm:|@[^@]*$/g, "")}@${version}`
    ),
  );
  for (const name of reached) npm[name]?.dependencies?.forEach((other) => reached.add(other));
  assert.deepEqual(Object.keys(npm).filter((name) => !reached.has(name)), []);
});

Deno.test("packages: all configurations format and lint alike, and none has an import map", async () => {
  const { fmt } = await readJson("deno.json") as { fmt: { lineWidth: number } };
  for (const { config } of PROJECTS) {
    const { imports, fmt: own, lint } = await readJson(config) as {
      imports?: unknown;
      fmt: { lineWidth: number };
      lint: { plugins: string[] };
    };
    assert.equal(imports, undefined, config);
    assert.equal(own.lineWidth, fmt.lineWidth, config);
    const [plugin] = lint.plugins;
    assert.equal(
      new URL(plugin, new URL(config, root)).href,
      new URL("tools/lint/plugin.ts", root).href,
      config,
    );
  }
});
