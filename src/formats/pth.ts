import { checkBytes } from "./_bytes_argument.ts";
import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { TensorMap } from "./tensor_map.ts";
import { checkMaxBytes } from "./_max_bytes.ts";
import { openTorchLegacy } from "./_torch_legacy.ts";
import { PickleOpaque } from "./_pickle_machine.ts";
import { quote } from "./quote.ts";
import { ByteBudget, TorchTensor, TorchTensorReader, UnreadableTensor } from "./_torch_storage.ts";
import { openTorchZip } from "./_torch_zip.ts";

/** Keys under which training scripts put the state dict beside an epoch, an optimiser and so on. */
const STATE_DICT_KEYS = ["model", "state_dict", "model_state", "model_state_dict"];

/** Options for {@linkcode readPth}. */
export interface ReadPthOptions {
  /**
   * Most bytes that may be allocated beyond those of the file, for compressed entries and for
   * tensors that are not row-major in the file.
   *
   * @default {1_073_741_824}
   */
  readonly maxBytes?: number;
}

/**
 * Reads the tensors of a PyTorch checkpoint (`.pth`, `.pt`, `.bin`), of the zip format or the one
 * before PyTorch 1.6. The tensors view `bytes` where their layout and alignment permit.
 *
 * The pickle in the file cannot run code: it can build tensors and plain containers, and whatever else
 * it names stands for itself and does nothing. A checkpoint that holds its state dict under `model`,
 * `state_dict`, `model_state` or `model_state_dict` is unwrapped; what is not a tensor is dropped, and
 * sparse, quantised and complex tensors are skipped and listed.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readPth } from "@fewbit/fewbit";
 *
 * const tensors = await readPth(await readFile("deit.pth"));
 * console.log(tensors.get("head.weight")?.shape);
 * ```
 *
 * @param bytes The whole file.
 * @returns The tensors by name, in the order of the state dict.
 */
export async function readPth(
  bytes: Uint8Array,
  options: ReadPthOptions = {},
): Promise<TensorMap> {
  checkBytes("PyTorch checkpoint", bytes);
  const foreign = isZip(bytes) || isPickle(bytes) ? undefined : foreignFile(bytes);
  if (foreign !== undefined) {
    throw new FewbitError("invalid_file", `Cannot read PyTorch checkpoint: ${foreign}`);
  }
  const budget = new ByteBudget(checkMaxBytes(options.maxBytes));
  const file = isZip(bytes) ? await openTorchZip(bytes, budget) : openTorchLegacy(bytes);
  const reader = new TorchTensorReader(file, budget);
  const tensors = new TensorMap();
  const named = unwrap(file.root);
  for (const [name, value] of named) {
    if (typeof name !== "string") continue;
    if (value instanceof TorchTensor) tensors.set(name, await reader.read(value));
    else if (value instanceof UnreadableTensor) tensors.skipped.set(name, value.kind);
  }
  if (tensors.size + tensors.skipped.size === 0) refuseObjects([...named.values()]);
  return tensors;
}

/** A pickle of protocol 2 or later begins with its number; PyTorch writes no older ones. */
function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80;
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

function unwrap(root: unknown): Map<unknown, unknown> {
  if (!(root instanceof Map)) {
    refuseObjects([root]);
    throw new FewbitError(
      "invalid_file",
      "Cannot read PyTorch checkpoint: it does not hold a dict of tensors",
    );
  }
  for (const key of STATE_DICT_KEYS) {
    const value = root.get(key);
    if (value instanceof Map) return value;
  }
  return root;
}

/** A module that was saved whole has its tensors inside an object that only its own code can open. */
function refuseObjects(values: readonly unknown[]): void {
  const object = values.find((value) => value instanceof PickleOpaque);
  if (object === undefined) return;
  throw new FewbitError(
    "unsupported",
    `Cannot read PyTorch checkpoint: it holds an object of ${quote(object.name)}, not a dict of ` +
      `tensors; save model.state_dict() instead`,
  );
}
