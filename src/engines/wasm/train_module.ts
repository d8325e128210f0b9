/** The WebAssembly module for training, which an entry of its own carries. */
import { FewbitError } from "../../errors.ts";
import { TRAIN_BYTES, TRAIN_MODULE } from "../../../wasm/train_module.ts";
import { unpack } from "../../numeric/unpack.ts";
import { fromModule } from "./module.ts";
import type { Build } from "./module.ts";

// As in `module.ts`: some hosts compile WebAssembly only while modules are evaluated.
const compiled = compile();
let build: Build | undefined;

function compile(): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(unpack(TRAIN_MODULE, TRAIN_BYTES));
  } catch {
    return undefined;
  }
}

/**
 * The build that trains.
 *
 * @throws {FewbitError} `unsupported` where this host does not run it.
 */
export function trainBuild(): Build {
  if (compiled === undefined) {
    throw new FewbitError("unsupported", "Cannot train: this host does not compile the module");
  }
  build ??= { ...fromModule(compiled), engine: "wasm-train" };
  return build;
}
