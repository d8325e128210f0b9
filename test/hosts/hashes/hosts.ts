/** The hosts of the table of hashes: how each is asked, and what it cannot be asked for. */
import { fileURLToPath } from "node:url";
import { load } from "../../../src/engines/load.ts";
import type { SyncEngineName } from "../../../src/engines/load.ts";
import { CHROMIUM_TEST } from "../_chromium.ts";
import { goExample, installWasmtime, pythonExample } from "../_examples.ts";
import { capture, missing } from "../_picture.ts";
import { LAVAPIPE, SWIFTSHADER } from "../vulkan.ts";
import { hashesInChromium } from "./chromium.ts";
import { hashesByExample } from "./examples.ts";
import { hashesOf } from "./hash.ts";
import type { Hashes, ModelOnDisk } from "./models.ts";
import { hashesInNode, hashesInWorkerd } from "./modules.ts";

/** A column of the table. */
export interface Host {
  readonly name: string;
  /** Whether it is not on this machine; in CI all are. */
  readonly isMissing: boolean;
  /** Why it cannot give something, by what is hashed. */
  readonly cannot?: Readonly<Record<string, string>>;
  /** Models that take more than a minute here: the task asks for them, the test does not. */
  readonly slow?: readonly string[];
  /** Hashes of what a model gives. */
  hashes(of: ModelOnDisk): Promise<Hashes>;
}

function inDeno(
  name: string,
  engine: SyncEngineName,
  slow: readonly string[] = [],
): Host {
  return {
    name,
    isMissing: false,
    slow,
    hashes: async ({ model, file, input }) =>
      await hashesOf(
        (bytes, options) => load(bytes, { ...options, engine }),
        model.kind,
        await Deno.readFile(file),
        await Deno.readFile(input),
      ),
  };
}

/** On a driver of Vulkan, which is chosen by the file that describes it. */
function onVulkan(
  name: string,
  driver: string | undefined,
  expected: RegExp,
  slow: readonly string[] = [],
): Host {
  return {
    name,
    isMissing: driver === undefined && Deno.env.get("CI") === undefined,
    slow,
    hashes: async ({ model, file, input }) => {
      if (driver === undefined) throw new Error(`${name}: there is no driver`);
      const script = fileURLToPath(new URL("gpu_process.ts", import.meta.url));
      const config = fileURLToPath(new URL("../deno.json", import.meta.url));
      const args = ["run", "-A", "--config", config, script, model.kind, file, input];
      const output = await capture(Deno.execPath(), args, { env: { VK_ICD_FILENAMES: driver } });
      return onAdapter(expected, JSON.parse(output));
    },
  };
}

/** The hashes, if they come from the adapter that was meant. */
export function onAdapter(
  expected: RegExp,
  { adapter, hashes }: { readonly adapter: string; readonly hashes: Hashes },
): Hashes {
  if (!expected.test(adapter)) throw new Error(`not on ${expected.source} but on "${adapter}"`);
  return hashes;
}

/** Minutes each on SwiftShader, and with the readable engine. */
const SLOW: readonly string[] = ["swin", "swin-nodes"];

/** What `examples/hosts` has no command for. */
const NO_COMMAND = {
  nodes: "the example reads one output",
  state: "the example reads no state",
};

/** All columns, in order. The last ones install what they need in the folder that is given. */
export function hostsIn(folder: string): readonly Host[] {
  const once = <T>(make: () => Promise<T>): () => Promise<T> => {
    let made: Promise<T> | undefined;
    return () => made ??= make();
  };
  const python = once(async () => pythonExample(await installWasmtime(`${folder}/python`)));
  const go = once(() => goExample(folder));
  return [
    inDeno("reference", "reference", SLOW),
    inDeno("wasm-simd", "wasm-simd"),
    inDeno("wasm-relaxed", "wasm-relaxed"),
    onVulkan("lavapipe, Deno", LAVAPIPE, /llvmpipe/),
    onVulkan("SwiftShader, Deno", SWIFTSHADER, /SwiftShader/, SLOW),
    {
      name: "SwiftShader, Chromium",
      isMissing: CHROMIUM_TEST.ignore,
      slow: SLOW,
      hashes: async (of) => onAdapter(/swiftshader/, await hashesInChromium(of)),
    },
    { name: "Node", isMissing: missing("node"), hashes: hashesInNode },
    { name: "workerd", isMissing: false, hashes: hashesInWorkerd },
    {
      name: "wasmtime",
      isMissing: missing("python3"),
      cannot: NO_COMMAND,
      hashes: async (of) => await hashesByExample(await python(), of),
    },
    {
      name: "wazero",
      isMissing: missing("go"),
      cannot: NO_COMMAND,
      hashes: async (of) => await hashesByExample(await go(), of),
    },
  ];
}
