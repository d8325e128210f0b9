/** Packages: a version of each in the whole tree, and with what ships only what it imports. */
import assert from "node:assert/strict";
import { PROJECTS } from "../../tools/_projects.ts";
import { importsOf } from "../../tools/house/imports.ts";
import { currentTree } from "../../tools/house/tree.ts";

const root = new URL("../../", import.meta.url);

interface Lock {
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<
    Record<string, {
      readonly dependencies?: readonly string[];
      readonly optionalDependencies?: readonly string[];
    }>
  >;
}

const readJson = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await Deno.readTextFile(new URL(path, root)));

const lockOf = async (config: string): Promise<Lock> =>
  await readJson(config.replace(/\.json$/, ".lock"));

const tree = await currentTree();
const SPECIFIER = /"(npm:(?:@[^/"]+\/)?[^/"@]+@\d[^/"]*)[^"]*"/g;

/** The packages that a file imports, `npm:name@version`. */
function packagesOf(path: string): string[] {
  return [...(tree.get(path) ?? "").matchAll(SPECIFIER)].map(([, specifier]) => specifier);
}

const isShipped = (path: string): boolean => /^(?:src\/|mod\.ts|cli\.ts)/.test(path);

Deno.test("packages: no two files name two versions of one, and what ships names each in one file", () => {
  const versions = new Map<string, string>();
  const shipped = new Map<string, string>();
  for (const path of tree.keys()) {
    for (const specifier of new Set(packagesOf(path))) {
      const at = specifier.lastIndexOf("@");
      const [name, version] = [specifier.slice(0, at), specifier.slice(at + 1)];
      assert.equal(version, versions.get(name) ?? version, `${name} in ${path}`);
      versions.set(name, version);
      if (!isShipped(path)) continue;
      assert.equal(shipped.get(name), undefined, `${name} in ${path}`);
      shipped.set(name, path);
    }
  }
  assert.ok(versions.size > 8 && shipped.size > 0, `${versions.size} packages`);
});

/** The files of a project, and all that they import. */
function filesOf(sources: readonly string[]): Set<string> {
  const others = PROJECTS.flatMap((project) => project.sources)
    .filter((other) => !sources.includes(other));
  const lies = (path: string, folders: readonly string[]): boolean =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const isOwn = (path: string): boolean =>
    lies(path, sources) &&
    !lies(path, others.filter((other) => lies(other, sources)));
  const files = new Set([...tree.keys()].filter((path) => path.endsWith(".ts") && isOwn(path)));
  const imports = Map.groupBy(importsOf(tree), ({ from }) => from);
  for (const path of files) for (const { to } of imports.get(path) ?? []) files.add(to);
  return files;
}

/** Loaded by whoever asks for it; from a lock everybody would fetch it. */
const ON_DEMAND = packagesOf("src/cli/_xgrammar.ts");

for (const { config, sources } of PROJECTS) {
  Deno.test(`packages: the lock beside ${config} has what is imported, and nothing else`, async () => {
    const imported = new Set([...filesOf(sources)].flatMap(packagesOf));
    if (config === "deno.json") ON_DEMAND.forEach((specifier) => imported.delete(specifier));
    const { specifiers = {}, npm = {} } = await lockOf(config);
    assert.deepEqual(Object.keys(specifiers).sort(), [...imported].sort());
    const names = new Set(
      Object.entries(specifiers).map(([specifier, version]) =>
        specifier.slice("npm:".length, specifier.lastIndexOf("@") + 1) + version
      ),
    );
    const found = (name: string): string | undefined =>
      Object.keys(npm).find((key) => key === name || key.startsWith(`${name}@`));
    for (const name of names) {
      const { dependencies = [], optionalDependencies = [] } = npm[name];
      for (const other of [...dependencies, ...optionalDependencies]) {
        const key = found(other);
        assert.ok(key !== undefined, `${other}, which ${name} needs`);
        names.add(key);
      }
    }
    assert.deepEqual(Object.keys(npm).filter((name) => !names.has(name)), []);
  });
}

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
