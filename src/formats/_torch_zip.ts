import { FewbitError } from "../errors.ts";
import { unpickle } from "./_pickle.ts";
import { quote } from "./quote.ts";
import type { ByteBudget, TorchFile, TorchStorage } from "./_torch_storage.ts";
import { TORCH_WORLD } from "./_torch_world.ts";
import { readZip, readZipEntry, type ZipEntry } from "./zip.ts";

const PICKLE_NAME = "data.pkl";

/** Opens a checkpoint of PyTorch 1.6 or later: a zip of `data.pkl` and a file for each storage. */
export async function openTorchZip(bytes: Uint8Array, budget: ByteBudget): Promise<TorchFile> {
  const entries = readZip(bytes);
  const pickle = [...entries.keys()].find((name) => /^[^/]*\/?data\.pkl$/.test(name));
  if (pickle === undefined) throw invalid(`the zip archive has no ${PICKLE_NAME}`);
  const folder = pickle.slice(0, -PICKLE_NAME.length);

  async function readContent(name: string): Promise<Uint8Array | undefined> {
    const entry = entries.get(folder + name);
    if (entry === undefined) return undefined;
    budget.spend(inflatedBytes(entry));
    return await readZipEntry(entry, entry.size);
  }

  const byteOrder = await readContent("byteorder");
  if (byteOrder !== undefined && new TextDecoder().decode(byteOrder) !== "little") {
    throw new FewbitError(
      "unsupported",
      "Cannot read PyTorch checkpoint: its byte order is not little-endian",
    );
  }
  const content = await readContent(PICKLE_NAME);
  return {
    root: unpickle(content!, 0, TORCH_WORLD).value,
    async loadStorage({ key }: TorchStorage): Promise<Uint8Array> {
      const data = await readContent(`data/${key}`);
      if (data === undefined) throw invalid(`the zip archive has no storage ${quote(key)}`);
      return data;
    },
  };
}

function inflatedBytes({ method, size }: ZipEntry): number {
  return method === 0 ? 0 : size;
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read PyTorch checkpoint: ${problem}`);
}
