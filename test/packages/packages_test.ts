/**
 * The packages in fresh projects outside the repository, as if they were published: `deno task test:packages`.
 * One test, so that they are built once; the last step prints the table.
 */
import { NPM_HOSTS_MISSING } from "../hosts/_npm_host.ts";
import { missing, scratchFolder } from "../hosts/_picture.ts";
import { bundle } from "./_bundlers.ts";
import {
  followFromFolders,
  followInBrowser,
  followInWorker,
  followOnHosts,
} from "./_follow_readme.ts";
import { runOnHosts } from "./_on_hosts.ts";
import { serveRegistry } from "./_registry.ts";
import { kilobytes, report, table } from "./_report.ts";
import { buildTwice } from "./_reproducible.ts";
import { checkTypes } from "./_types.ts";

Deno.test({
  name: "packages",
  ignore: NPM_HOSTS_MISSING,
  // Playwright keeps a pipe to the browser for a moment after close().
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async (t) => {
    using folder = scratchFolder();
    await using registry = await serveRegistry(folder.path);
    for (const [name, bytes] of registry.sizes) report(`tarball of ${name}`, kilobytes(bytes));
    await t.step("the same bytes twice", buildTwice);
    await t.step("installed in Node, Bun and Deno", () => runOnHosts(registry));
    await t.step("TypeScript", () => checkTypes(registry));
    await t.step({
      name: "bundlers and pages",
      ignore: missing("chromium"),
      fn: () => bundle(registry),
    });
    await t.step("README, word by word, in Node, Bun and Deno", () => followOnHosts(registry));
    await t.step("README, from folders", () => followFromFolders(registry));
    await t.step({
      name: "README, word by word, in a browser",
      ignore: missing("chromium"),
      fn: () => followInBrowser(registry),
    });
    await t.step("README, word by word, in a Worker", () => followInWorker(registry));
    console.log(table());
  },
});
