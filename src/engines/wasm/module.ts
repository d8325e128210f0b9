/** The WebAssembly modules, and which of them this host runs. */
import { FewbitError } from "../../errors.ts";
import { MODULES, RELAXED_BYTES, SIMD_BYTES } from "../../../wasm/modules.ts";
import { ABI_VERSION } from "./_exports.ts";
import { release, take } from "./memory_pool.ts";
import { unpack } from "../../numeric/unpack.ts";

/** Name of a build: plain SIMD, or relaxed SIMD, which is faster and gives the same integers. */
export type BuildName = "simd" | "relaxed";

/** A compiled module and the name of the engine that it makes. */
export interface Build {
  /** Name of the engine. */
  readonly engine: string;
  /** The module. */
  readonly module: WebAssembly.Module;
}

// Some hosts (workerd) compile WebAssembly only here, while modules are evaluated, and only
// synchronously; others forbid it altogether and bring their own module.
const modules = unpack(MODULES, SIMD_BYTES + RELAXED_BYTES);
const compiled: Readonly<Record<BuildName, WebAssembly.Module | undefined>> = {
  simd: compile(modules.subarray(0, SIMD_BYTES)),
  relaxed: compile(modules.subarray(SIMD_BYTES)),
};

const usable = new Map<BuildName, boolean>();

function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The build to use. `auto` is `relaxed` where the host has relaxed SIMD and its dot product is exact,
 * which not every host that accepts the module can say.
 *
 * @throws {FewbitError} `unsupported` where this host does not run the build.
 */
export function pickBuild(name: BuildName | "auto" = "auto"): Build {
  const picked = name === "auto" ? (isUsable("relaxed") ? "relaxed" : "simd") : name;
  const module = compiled[picked];
  if (module === undefined || !isUsable(picked)) {
    throw new FewbitError(
      "unsupported",
      `Cannot use build "${picked}": this host does not compile it or computes wrongly with it`,
    );
  }
  return { engine: `wasm-${picked}`, module };
}

function isUsable(name: BuildName): boolean {
  let result = usable.get(name);
  if (result === undefined) {
    const module = compiled[name];
    result = module !== undefined && passes(module);
    usable.set(name, result);
  }
  return result;
}

function passes(module: WebAssembly.Module): boolean {
  const machine = take(module, 0);
  try {
    return machine.exports.abi_version() === ABI_VERSION && machine.exports.selftest() === 0;
  } finally {
    release(machine);
  }
}

/**
 * A build from a module that the host has compiled (`import module from "./fewbit.simd.wasm"` in
 * workerd), for hosts that compile no bytes.
 *
 * @throws {FewbitError} `unsupported` where it is another version, or computes wrongly on this host.
 */
export function fromModule(module: WebAssembly.Module): Build {
  let good = false;
  try {
    good = passes(module);
  } catch (cause) {
    throw new FewbitError("unsupported", "Cannot use module: it is not a fewbit module", { cause });
  }
  if (!good) {
    throw new FewbitError(
      "unsupported",
      "Cannot use module: it is another version, or this host computes wrongly with it",
    );
  }
  return { engine: "wasm", module };
}
