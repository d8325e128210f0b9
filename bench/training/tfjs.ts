/** TensorFlow.js with its backends `wasm` (SIMD, one thread) and `cpu` (plain JavaScript). */
// deno-lint-ignore-file no-import-prefix -- peers, wanted only here
import * as tf from "npm:@tensorflow/tfjs@4.22.0";
import { setThreadsCount, setWasmPaths } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";

export { tf };

/** Its version, for the report. */
export const TFJS_VERSION: string = tf.version_core;

const module = import.meta.resolve("npm:@tensorflow/tfjs-backend-wasm@4.22.0");
setWasmPaths(new URL("./", module).pathname);
setThreadsCount(1);

/** Makes a backend the one that operations run on. */
export async function useBackend(name: "wasm" | "cpu"): Promise<void> {
  if (tf.getBackend() === name) return;
  if (!await tf.setBackend(name)) throw new Error(`TensorFlow.js has no backend ${name} here`);
}
