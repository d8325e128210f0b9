/** What vite and webpack make of the entries, and how the pages do in Chromium. */
import assert from "node:assert/strict";
import { withPage } from "../hosts/_chromium.ts";
import { hashOn, pixels } from "../hosts/_picture.ts";
import { expectedText } from "./_expected.ts";
import { newProject } from "./_project.ts";
import type { Project } from "./_project.ts";
import type { Registry } from "./_registry.ts";
import { kilobytes, report } from "./_report.ts";
import { serveFolder } from "./_serve_folder.ts";

const ROOT = new URL("../../", import.meta.url);

const INSTALL = "npm install @fewbit/fewbit @fewbit/models vite@8.4.0 webpack@5.113.0";

const HASH = `
const hashOf = async (data) => {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(data.buffer));
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
};
const show = (answer) => { document.title = JSON.stringify(answer); };
`;

/** Pages by name: the script, and the most bytes of JavaScript that it may load. */
const PAGES: Readonly<Record<string, readonly [script: string, budget: number]>> = {
  main: [
    `import { FewbitError, ImageClassifier } from "@fewbit/fewbit";
    import model from "@fewbit/models/vit-fashion-mnist";
    ${HASH}
    const unnamed = await ImageClassifier.fromPretrained().catch((error) => error);
    const classifier = await ImageClassifier.fromPretrained(model);
    const { logits } = await classifier.classify(new URL("picture.png", location.href));
    const refused = unnamed instanceof FewbitError && unnamed.message;
    show({ hash: await hashOf(logits), refused });`,
    270_000,
  ],
  runtime: [
    `import { load } from "@fewbit/fewbit/runtime";
    import model from "@fewbit/models/vit-fashion-mnist";
    ${HASH}
    const pixels = new Uint8Array(await (await fetch("pixels.bin")).arrayBuffer());
    const instance = await load(await fetch(model));
    show({ hash: await hashOf((await instance.run({ pixels })).logits.data) });`,
    120_000,
  ],
  generator: [
    `import { loadGenerator } from "@fewbit/fewbit/generator";
    import model from "@fewbit/models/hgrn-bit-shakespeare";
    const lm = await loadGenerator(await fetch(model));
    document.title = JSON.stringify({
      text: await lm.complete("ROMEO:", { seed: 16, maxTokens: 24 }),
    });`,
    215_000,
  ],
  embedder: [
    `import { loadEmbedder } from "@fewbit/fewbit/embedder";
    import model from "@fewbit/models/hgrn-bit-shakespeare";
    const refused = await loadEmbedder(await fetch(model)).catch(({ code }) => code);
    document.title = JSON.stringify({ refused });`,
    205_000,
  ],
  error: [
    `import { FewbitError } from "@fewbit/fewbit";
    document.title = JSON.stringify({ code: new FewbitError("internal", "x").code });`,
    5_000,
  ],
};

/** Builds a page with both; a warning is an error. */
const BUILD = `
import { resolve } from "node:path";
import { build, createLogger } from "vite";
import webpack from "webpack";

const name = process.argv[2];
const logger = createLogger("warn");
logger.warn = logger.warnOnce = (message) => { throw new Error("vite warns: " + message); };
await build({
  configFile: false,
  customLogger: logger,
  build: { outDir: "vite-" + name, rollupOptions: { input: name + ".html" }, chunkSizeWarningLimit: 2000 },
});
const compiler = webpack({
  mode: "production",
  entry: "./" + name + ".js",
  output: { path: resolve("webpack-" + name), filename: "main.js" },
  performance: false,
});
await new Promise((done, fail) => compiler.run((error, stats) => {
  const { errors = [], warnings = [] } = stats?.toJson() ?? {};
  const [problem] = [...error ? [error] : [], ...errors, ...warnings];
  return problem === undefined ? done() : fail(new Error("webpack: " + problem.message));
}));
`;

/** Bundles all pages, compares their sizes, and opens them. */
export async function bundle(registry: Registry): Promise<void> {
  using project = await newProject(registry);
  await project.write("build.mjs", BUILD);
  await project.shell(INSTALL);
  const expected = await answers();
  for (const [name, [script, budget]] of Object.entries(PAGES)) {
    await project.write(`${name}.js`, script);
    await project.write(`${name}.html`, `<script type="module" src="${name}.js"></script>`);
    await project.shell(`node build.mjs ${name}`);
    for (const bundler of ["vite", "webpack"]) {
      const folder = `${project.path}/${bundler}-${name}`;
      await preparePage(folder);
      const { answer, bytes } = await open(folder, bundler === "vite" ? `${name}.html` : "");
      assert.deepEqual(answer, expected[name]);
      assert.ok(bytes <= budget, `${bundler}, ${name}: ${bytes} bytes, at most ${budget}`);
      report(`${bundler}, ${name}`, `${kilobytes(bytes)} of JavaScript; right in Chromium`);
    }
  }
  await withoutBundler(project, expected.generator);
}

async function answers(): Promise<Readonly<Record<string, unknown>>> {
  const hash = await hashOn("wasm-simd");
  const refused =
    "Cannot find vit-fashion-mnist.fewbit, which ships in @fewbit/models: install it; " +
    "where a bundler does not let it be found, load what `import model from " +
    '"@fewbit/models/vit-fashion-mnist"` gives';
  return {
    main: { hash, refused },
    runtime: { hash },
    generator: { text: await expectedText() },
    embedder: { refused: "unsupported" },
    error: { code: "internal" },
  };
}

/** What the pages load, and for webpack, which makes none, a page. */
async function preparePage(folder: string): Promise<void> {
  const picture = new URL("examples/fashion/000-ankle-boot.png", ROOT);
  await Deno.copyFile(picture, `${folder}/picture.png`);
  await Deno.writeFile(`${folder}/pixels.bin`, pixels());
  await Deno.writeTextFile(`${folder}/index.html`, `<script src="main.js"></script>`);
}

/** What a page says in its title, and the bytes of JavaScript that it loads until then. */
async function open(
  folder: string,
  path: string,
): Promise<{ readonly answer: unknown; readonly bytes: number }> {
  const handler = serveFolder(folder);
  const scripts = new Set<string>();
  let title = "";
  const counting = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith(".js")) scripts.add(`${folder}${pathname}`);
    return handler(request);
  };
  await withPage(counting, async (page, origin) => {
    const problem = new Promise<never>((_, fail) => page.on("pageerror", fail));
    await page.goto(`${origin}${path}`);
    const answered = page.waitForFunction("document.title.startsWith('{')", undefined, {
      timeout: 20_000,
    });
    await Promise.race([answered, problem]);
    title = await page.title();
  });
  const sizes = [...scripts].map((script) => Deno.statSync(script).size);
  return { answer: JSON.parse(title), bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A page that imports the installed files as they are, and finds what ships by an import map. */
async function withoutBundler(project: Project, expected: unknown): Promise<void> {
  const modules = `${project.path}/node_modules`;
  await Deno.writeTextFile(
    `${modules}/index.html`,
    `<script type="importmap">{ "imports": {
      "@fewbit/models/": "/@fewbit/models/",
      "@fewbit/fewbit": "/@fewbit/fewbit/dist/mod.js"
    } }</script>
    <script type="module">
      import { TextGenerator } from "@fewbit/fewbit";
      const lm = await TextGenerator.fromPretrained();
      const text = await lm.complete("ROMEO:", { seed: 16, maxTokens: 24 });
      document.title = JSON.stringify({ text });
    </script>`,
  );
  const { answer, bytes } = await open(modules, "");
  assert.deepEqual(answer, expected);
  report("a page without a bundler", `the default model's text; ${kilobytes(bytes)} of JavaScript`);
}
