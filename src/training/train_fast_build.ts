/** The module for training that may round a product and its sum once; no entry carries it. */
import { release, take } from "../engines/wasm/memory_pool.ts";
import { fromModule } from "../engines/wasm/module.ts";
import type { Build } from "../engines/wasm/module.ts";
import { FewbitError } from "../errors.ts";
import { ProgramError } from "../program/verdict.ts";
import { filePath } from "../files/file_url.ts";
import { readFile } from "../files/read_file.ts";

const NAME = "fewbit.train-fast.wasm";

/**
 * The build `train-fast`: relaxed SIMD, whose multiply-add is one operation, with one rounding or two as the host has it.
 *
 * @param given The module; `true` for that beside the sources, which packages do not have.
 * @throws {FewbitError} `unsupported` where it is not there, is another one, or this host does not run it;
 * `invalid_argument` for what is no module.
 */
export async function trainFastBuild(given: true | WebAssembly.Module): Promise<Build> {
  if (given !== true && !(given instanceof WebAssembly.Module)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot train: fast is ${String(given)}, expected true, false or a WebAssembly.Module`,
    );
  }
  const module = given === true ? await besideSources() : given;
  const build = fromModule(module);
  if (!isRelaxed(module)) throw isNot();
  return { ...build, engine: "wasm-train-fast" };
}

/**
 * Waits until a program was planned with the module that was given.
 *
 * @throws {FewbitError} `unsupported` where that has relaxed SIMD, and not the instructions of training.
 */
export async function withTraining<T>(planning: Promise<T>): Promise<T> {
  try {
    return await planning;
  } catch (cause) {
    if (!(cause instanceof ProgramError) || cause.verdict !== "bad_opcode") throw cause;
    throw isNot(cause);
  }
}

function isNot(cause?: unknown): FewbitError {
  const why = `Cannot train with fast: the module is not ${NAME}`;
  return new FewbitError("unsupported", why, { cause });
}

/** Whether it has relaxed SIMD. */
function isRelaxed(module: WebAssembly.Module): boolean {
  const machine = take(module, 0);
  try {
    return machine.exports.dot_form() !== 0;
  } finally {
    release(machine);
  }
}

async function besideSources(): Promise<WebAssembly.Module> {
  // The address goes through a variable: of a literal one bundlers want to copy the file.
  const here = import.meta.url;
  try {
    return await WebAssembly.compile(await readFile(filePath(new URL(`../../wasm/${NAME}`, here))));
  } catch (cause) {
    throw new FewbitError(
      "unsupported",
      `Cannot train with fast: ${NAME} is not here, or this host does not compile it; it is built as ` +
        "wasm/README.md says, and is given as a WebAssembly.Module",
      { cause },
    );
  }
}
