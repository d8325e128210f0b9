/** The WebAssembly module for training, which an entry of its own carries. */
import { FewbitError } from "../../errors.ts";
import { TRAIN_BYTES, TRAIN_MODULE, TRAIN_PACKED_BYTES } from "../../../wasm/train_module.ts";
import { decodeBase91 } from "./base91.ts";
import { fromModule } from "./module.ts";
import type { Build } from "./module.ts";
import { unpack } from "./unpack.ts";

// As in `module.ts`: some hosts compile WebAssembly only while modules are evaluated.
const compiled = compile();
let build: Build | undefined;

function compile(): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(
      unpack(decodeBase91(TRAIN_MODULE, TRAIN_PACKED_BYTES), TRAIN_BYTES),
    );
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
