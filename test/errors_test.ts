/** The codes of errors: the type, its documentation and README.md have the same, and the library throws them. */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);
const textOf = (path: string): Promise<string> => Deno.readTextFile(new URL(path, root));
const source = await textOf("src/errors.ts");

/** The members of the type. */
function codes(): string[] {
  const type = /export type ErrorCode =([^;]*);/.exec(source)![1];
  return [...type.matchAll(/"(\w+)"/g)].map(([, code]) => code);
}

/** What the documentation of the type says of each. */
function documented(): Map<string, string> {
  const comment = source.slice(0, source.indexOf(" */\nexport type ErrorCode"))
    .replaceAll(/^ \* ?/gm, "").replaceAll(/\s+/g, " ");
  return new Map(
    [...comment.matchAll(/- `(\w+)`: (.*?)(?= - `| $|$)/g)].map((
      [, code, text],
    ) => [code, text]),
  );
}

/** The rows of the table in README.md, as sentences. */
async function inReadme(): Promise<Map<string, string>> {
  const section = (await textOf("README.md")).split("\n## When something fails\n")[1]
    .split("\n## ")[0];
  return new Map(
    [...section.matchAll(/^\| `(\w+)` *\| (.*?) *\| (.*?) *\|$/gm)].map((
      [, code, when, what],
    ) => [code, `${when}. ${what}.`]),
  );
}

async function* sources(path: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(path, root))) {
    if (isDirectory) yield* sources(`${path}/${name}`);
    else if (`${path}/${name}` !== "src/errors.ts") yield await textOf(`${path}/${name}`);
  }
}

Deno.test("errors: the reference has every code, in order", () => {
  assert.ok(codes().length >= 10);
  assert.deepEqual([...documented().keys()], codes());
});

Deno.test("errors: README.md says the same of each code", async () => {
  assert.deepEqual([...await inReadme()], [...documented()]);
});

Deno.test("errors: the library throws every code", async () => {
  const all = (await Array.fromAsync(sources("src"))).join("\n");
  for (const code of codes()) {
    assert.match(all, new RegExp(`(FewbitError\\(\\s*|return )"${code}"`), code);
  }
});
