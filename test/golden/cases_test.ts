/** The cases of public reports, and the faults that were once found, from the shared folder. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { absent, SHARED } from "./_shared.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const config = `${root}deno.json`;

/** Runs a script in the root of the project; gives what it printed. */
async function run(...args: string[]): Promise<{ text: string; success: boolean }> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", config, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { text: `${decode(stdout)}${decode(stderr)}`, success };
}

const FAULTS = [
  "failed_begin",
  "pool_rows_types",
  "sessions",
  "two_writers",
  "unwritten_arena",
  "work_limit",
];

for (const name of FAULTS) {
  const path = `${SHARED}/cases/faults/${name}.ts`;
  Deno.test({
    name: `cases: the fault ${name} is mended`,
    ignore: absent(path),
    fn: async () => {
      const { text, success } = await run(path);
      assert.ok(success && /^right/m.test(text) && !/^WRONG/m.test(text), text);
    },
  });
}

const reports = `${SHARED}/cases/reports`;
Deno.test({
  name: "cases: situations of public reports are right, or refused by name",
  ignore: absent(reports),
  fn: async () => {
    const { text } = await run(`${reports}/check.ts`, "mod.ts", `${reports}/made`);
    const counts = /^(\d+) right, (\d+) refused clearly, (\d+) wrong$/m.exec(text);
    assert.ok(counts !== null, text);
    const [right, refused, wrong] = counts.slice(1).map(Number);
    assert.equal(wrong, 0, text.match(/^WRONG.*$/gm)?.join("\n") ?? "");
    assert.ok(refused <= 8 && right >= 55, `${right} right, ${refused} refused`);
    // Chat templates are all right, none refused.
    assert.doesNotMatch(text, /^refused chat/m);
  },
});
