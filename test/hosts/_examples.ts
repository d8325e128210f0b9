/** The commands of `examples/hosts` in Python and Go. */
import { fileURLToPath } from "node:url";
import { capture } from "./_picture.ts";
import type { Example } from "./_without_javascript.ts";

const WASMTIME = "wasmtime==50.0.1";

/** Environment variables of a process. */
export type Environment = Readonly<Record<string, string>>;

/** Installs wasmtime in a folder; gives the environment in which Python finds it. */
export async function installWasmtime(folder: string): Promise<Environment> {
  await capture("python3", ["-m", "pip", "install", "-q", "--target", folder, WASMTIME]);
  return { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
}

/** The commands in Python. */
export function pythonExample(env: Environment): Example {
  return (name, ...args) => {
    const script = new URL(`../../examples/hosts/${name}.py`, import.meta.url);
    return capture("python3", [fileURLToPath(script), ...args], { env });
  };
}

/** Builds the command of Go into a folder. */
export async function goExample(folder: string): Promise<Example> {
  const binary = `${folder}/hosts`;
  const cwd = fileURLToPath(new URL("../../examples/hosts", import.meta.url));
  await capture("go", ["build", "-o", binary, "."], { cwd });
  return (...args) => capture(binary, args);
}
