/**
 * `deno task hashes`: the hashes of all models on all hosts, as `bench/HASHES.md`. Fails where two hosts differ.
 *
 *     deno task hashes [--only HOST]
 *
 * With `--only` the other columns stay as they are.
 *
 * @module
 */
import { scratchFolder } from "../_picture.ts";
import { hostsIn } from "./hosts.ts";
import { MODELS } from "./models.ts";
import { readTable, writeTable } from "./table.ts";
import type { Cell, Row } from "./table.ts";
import { writeModels } from "./write_models.ts";

const FILE = new URL("../../../bench/HASHES.md", import.meta.url);

const only = Deno.args[0] === "--only" ? Deno.args[1] : undefined;
using folder = scratchFolder();
const all = hostsIn(folder.path);
const hosts = all.filter(({ name }) => only === undefined || name === only);
const absent = hosts.filter(({ isMissing }) => isMissing).map(({ name }) => name);
if (absent.length > 0) throw new Error(`Not on this machine: ${absent.join("; ")}`);

/** Cells by row and host. */
const computed = new Map<string, Record<string, Cell>>();
for (const ready of await writeModels(MODELS, folder.path)) {
  const { model } = ready;
  for (const host of hosts) {
    const wanted = Object.keys(model.rows).filter((name) => host.cannot?.[name] === undefined);
    const start = performance.now();
    const hashes = wanted.length === 0 ? {} : await host.hashes(ready);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    for (const [name, title] of Object.entries(model.rows)) {
      const reason = host.cannot?.[name];
      const isSlow = host.slow?.includes(model.name) ?? false;
      const cell = reason === undefined ? { hash: hashes[name], isSlow } : { reason };
      computed.set(title, { ...computed.get(title), [host.name]: cell });
      console.log(`${title}, ${host.name}: ${reason ?? `${hashes[name]}, ${seconds} s`}`);
    }
  }
}

// The columns that were not asked for stay as they are.
const known = only === undefined ? { hosts: [], rows: [] } : readTable(await readOld());
const rows = [...computed].map(([title, cells]): Row => ({
  title,
  cells: all.map(({ name }) => {
    const old = known.rows.find((row) => row.title === title)?.cells[known.hosts.indexOf(name)];
    return cells[name] ?? old ?? { reason: "not computed" };
  }),
}));
const written = writeTable(all.map(({ name }) => name), rows);
const text = `# Hashes

Written by \`deno task hashes\` on ${
  new Date().toISOString().slice(0, 10)
}; \`test/hosts/hashes_test.ts\`
computes again what its machine has, and compares. A cell is the beginning of the SHA-256 of what that host
computed, the second table has the whole. lavapipe and SwiftShader are GPUs in software, by two compilers
of shaders, through two implementations of WebGPU (Deno's and Chromium's). Node and workerd run
\`dist/runtime.js\`; wasmtime (Python) and wazero (Go) the commands of \`examples/hosts\`.

DeiT-T and Swin-T have weights from a seed (\`test/hosts/hashes/models.ts\`) and are calibrated on one
picture from another; all nodes are computed as the graph has them, unfused, and hashed in the order of
their names. \\* More than a minute: the test leaves it to the task.

${written}
`;
await Deno.writeTextFile(FILE, text);

function readOld(): Promise<string> {
  return Deno.readTextFile(FILE).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
}
