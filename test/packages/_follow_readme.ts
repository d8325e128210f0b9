/** The README, word by word, with every host that it names. */
import assert from "node:assert/strict";
import type { NpmHost } from "../hosts/_npm_host.ts";
import { withPage } from "../hosts/_chromium.ts";
import { startWorkerd } from "../hosts/_workerd.ts";
import { expectedText } from "./_expected.ts";
import { newProject } from "./_project.ts";
import type { Project } from "./_project.ts";
import { samplesFor } from "./_readme.ts";
import type { Registry } from "./_registry.ts";
import { kilobytes, report } from "./_report.ts";
import { serveFolder } from "./_serve_folder.ts";

/** Does what the README says for a part; returns what the commands printed. */
async function follow(
  registry: Registry,
  part: string,
  host?: NpmHost,
): Promise<[Project, string]> {
  const project = await newProject(registry, host);
  let output = "";
  try {
    for (const { language, file, text, output: shown } of await samplesFor(part)) {
      if (shown !== undefined) assert.equal(shown.trim(), (await expectedText()).trim());
      if (file !== undefined) await project.write(file, text);
      else if (language === "sh") output += await project.shell(text);
      else assert.fail(`README.md, ${part}: neither a file nor commands: ${text}`);
    }
    return [project, output];
  } catch (error) {
    project[Symbol.dispose]();
    throw error;
  }
}

/** Programs that print the text. */
export async function followOnHosts(registry: Registry): Promise<void> {
  const text = await expectedText();
  const hosts = [["Node", "node22", 2], ["Bun", "bun", 1], ["Deno", "node22", 1]] as const;
  for (const [part, host, times] of hosts) {
    const [project, output] = await follow(registry, part, host);
    using _ = project;
    // The command line prints the prompt, too.
    assert.equal(output.split(text.trim()).length - 1, times, `${part}: ${output}`);
    report(`README, ${part}`, "the same text");
  }
}

/** The packages as folders, which is how they are installed before they are published. */
export async function followFromFolders(registry: Registry): Promise<void> {
  const text = await expectedText();
  using project = await newProject(registry);
  await project.shell(`npm install --install-links ${registry.folders.join(" ")}`);
  const [{ file, text: program }] = await samplesFor("Node");
  await project.write(file!, program);
  for (const run of ["node", "deno run --allow-read"]) {
    assert.ok((await project.shell(`${run} ${file}`)).includes(text.trim()), run);
  }
  assert.ok((await project.shell("npx fewbit --help")).includes("classify"));
  report("README, from folders", "the same text in Node and Deno");
}

/** A page in a browser. */
export async function followInBrowser(registry: Registry): Promise<void> {
  const text = await expectedText();
  const [project] = await follow(registry, "Browsers");
  using _ = project;
  await withPage(serveFolder(`${project.path}/dist`), async (page, origin) => {
    await page.goto(origin);
    await page.waitForFunction("document.body.textContent.trim() !== ''", undefined, {
      timeout: 20_000,
    });
    assert.equal(await page.textContent("body"), text);
  });
  report("README, Browsers", "the same text in Chromium");
}

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "assets", disk = "assets"),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "built/worker.js")],
  bindings = [(name = "ASSETS", service = "assets")],
  compatibilityDate = "2026-06-01",
);
`;

/** A Worker, built by wrangler and run by workerd. */
export async function followInWorker(registry: Registry): Promise<void> {
  const text = await expectedText();
  const [project, output] = await follow(registry, "Cloudflare Workers");
  using _ = project;
  await project.write("config.capnp", CONFIG);
  await using server = await startWorkerd(project.path);
  assert.equal(await (await fetch(server.origin)).text(), text);
  const { size } = await Deno.stat(`${project.path}/built/worker.js`);
  const upload = /Total Upload: (.*)/.exec(output)?.[1] ?? "";
  assert.ok(size < 280_000, `${size} bytes`);
  report("README, Cloudflare Workers", `the same text in workerd; ${kilobytes(size)}; ${upload}`);
}
