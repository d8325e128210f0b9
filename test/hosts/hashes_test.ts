/** The table of hashes in `bench/HASHES.md` is right: what this machine has is computed again. */
import assert from "node:assert/strict";
import { hostsIn } from "./hashes/hosts.ts";
import { idsHash } from "./hashes/hash.ts";
import { MODELS } from "./hashes/models.ts";
import { readTable } from "./hashes/table.ts";
import type { Cell } from "./hashes/table.ts";
import { writeModels } from "./hashes/write_models.ts";
import { minilmIsMissing, SUMS_SHA256 } from "./_minilm.ts";
import { scratchFolder } from "./_picture.ts";
import { GREEDY } from "./_prompt.ts";

const { hosts, rows } = readTable(
  await Deno.readTextFile(new URL("../../bench/HASHES.md", import.meta.url)),
);
const cellOf = (title: string, host: string): Cell =>
  rows.find((row) => row.title === title)!.cells[hosts.indexOf(host)];

Deno.test("hashes: the table has every host and row, one hash a row, and the oracles' ones", async () => {
  const all = hostsIn("");
  assert.deepEqual(hosts, all.map(({ name }) => name));
  const titles = MODELS.flatMap((model) => Object.values(model.rows));
  assert.deepEqual(rows.map(({ title }) => title), titles);
  for (const model of MODELS) {
    for (const [name, title] of Object.entries(model.rows)) {
      const known = cellOf(title, "reference");
      assert.ok("hash" in known, title);
      for (const { name: host, cannot, slow } of all) {
        const reason = cannot?.[name];
        const isSlow = slow?.includes(model.name) ?? false;
        const cell: Cell = reason === undefined ? { hash: known.hash, isSlow } : { reason };
        assert.deepEqual(cellOf(title, host), cell, `${title}, ${host}`);
      }
    }
  }
  const hashed = (model: string, name: string): Cell =>
    cellOf(MODELS.find((one) => one.name === model)!.rows[name], "reference");
  assert.deepEqual(hashed("minilm", "sums"), { hash: SUMS_SHA256, isSlow: false });
  assert.deepEqual(hashed("hgrn", "ids"), { hash: await idsHash(GREEDY), isSlow: false });
});

Deno.test({
  name: "hashes: this machine computes them again",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    using folder = scratchFolder();
    const noMinilm = minilmIsMissing();
    const models = MODELS.filter(({ name }) => !(noMinilm && name === "minilm"));
    const ready = await writeModels(models, folder.path);
    for (const host of hostsIn(folder.path)) {
      await t.step({
        name: host.name,
        ignore: host.isMissing,
        fn: async () => {
          for (const one of ready) {
            const { model } = one;
            const wanted = Object.entries(model.rows)
              .filter(([name]) => host.cannot?.[name] === undefined);
            if (host.slow?.includes(model.name) || wanted.length === 0) continue;
            const hashes = await host.hashes(one);
            for (const [name, title] of wanted) {
              const committed = cellOf(title, host.name);
              assert.ok("hash" in committed, title);
              assert.equal(hashes[name], committed.hash, `${title}, ${host.name}`);
            }
          }
        },
      });
    }
  },
});
