/**
 * What a newcomer waits for: the bytes that a command fetches from the package registry with empty caches,
 * and what they take on the disk. Copies the tree and runs it behind a registry that counts.
 *
 *     deno task first-run
 *
 * Fails where one fetches more than it may, or prints a warning.
 *
 * @module
 */
import { copyOfTree } from "./checkout.ts";

/** A command of a newcomer, and the most bytes that it may fetch. */
interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly budget: number;
}

/** The page and the tests are got ready, and not started. */
const COMMANDS: readonly Command[] = [
  { name: "demo", args: ["task", "demo"], budget: 1e6 },
  {
    name: "fewbit classify",
    args: ["task", "fewbit", "classify", "examples/fashion/018-bag.png"],
    budget: 1e6,
  },
  { name: "page", args: ["install", "--entrypoint", "examples/generate/serve.ts"], budget: 10e6 },
  // Of these, 20 MB are the compiler of the kernels.
  { name: "test", args: ["task", "test", "--no-run"], budget: 40e6 },
];

/** A registry on this machine that passes on what the real one says. */
class CountingRegistry implements AsyncDisposable {
  /** Bytes that came so far. */
  bytes = 0;
  readonly #upstream: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(upstream: string) {
    this.#upstream = upstream.replace(/\/*$/, "/");
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(new URL(request.url)),
    );
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async #answer({ pathname, search }: URL): Promise<Response> {
    const response = await fetch(`${this.#upstream}${pathname.slice(1)}${search}`);
    const type = response.headers.get("content-type") ?? "";
    const headers = { "content-type": type };
    const { status } = response;
    if (!type.includes("json")) {
      const bytes = await response.bytes();
      this.bytes += bytes.length;
      return new Response(bytes, { status, headers });
    }
    const text = await response.text();
    this.bytes += text.length;
    // Tarballs come from here, too.
    return new Response(text.replaceAll(this.#upstream, this.origin), { status, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

interface Visit {
  readonly success: boolean;
  readonly fetched: number;
  readonly onDisk: number;
  readonly output: string;
}

async function visit(args: readonly string[], upstream: string): Promise<Visit> {
  const folder = await Deno.makeTempDir();
  await using registry = new CountingRegistry(upstream);
  try {
    await copyOfTree(`${folder}/fewbit`);
    const cache = `${folder}/cache`;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: `${folder}/fewbit`,
      env: { DENO_DIR: cache, NPM_CONFIG_REGISTRY: registry.origin, NO_COLOR: "1" },
    }).output();
    const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const onDisk = await bytesIn(`${cache}/npm`);
    return { success, fetched: registry.bytes, onDisk, output: `${out}${error}` };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) bytes += await bytesIn(path);
      else if (isFile) bytes += (await Deno.stat(path)).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}

async function registryOf(): Promise<string> {
  const given = Deno.env.get("NPM_CONFIG_REGISTRY");
  if (given !== undefined) return given;
  const { stdout } = await new Deno.Command("npm", { args: ["config", "get", "registry"] })
    .output();
  return new TextDecoder().decode(stdout).trim();
}

/** As Deno prints it. */
const WARNING = /^warning\b/im;

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const upstream = await registryOf();
for (const { name, args, budget } of COMMANDS) {
  const { success, fetched, onDisk, output } = await visit(args, upstream);
  console.log(`${name.padEnd(16)} ${mega(fetched)} fetched, ${mega(onDisk)} on the disk`);
  const problems = [
    ...success ? [] : [`it failed:\n${output}`],
    ...fetched > budget ? [`more than ${mega(budget)}`] : [],
    ...fetched === 0 && onDisk > 0
      ? ["it asked another registry, so that nothing was counted"]
      : [],
    ...WARNING.test(output) ? [`a warning:\n${output}`] : [],
  ];
  for (const problem of problems) {
    console.error(`FAILED ${name}: ${problem}`);
    Deno.exitCode = 1;
  }
}
