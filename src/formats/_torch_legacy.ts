import { FewbitError } from "../errors.ts";
import { unpickle } from "./_pickle.ts";
import type { PickleWorld } from "./_pickle_machine.ts";
import { quote } from "./quote.ts";
import type { TorchFile, TorchStorage } from "./_torch_storage.ts";
import { isStorage, TORCH_WORLD } from "./_torch_world.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** For the pickles around the one of the checkpoint, which hold plain values. */
const PLAIN_WORLD: PickleWorld = {
  findGlobal: TORCH_WORLD.findGlobal,
  loadPersistent(): never {
    throw invalid("a storage is named where none can be");
  },
};

/**
 * Opens a checkpoint of PyTorch before 1.6: pickles of a magic number, a protocol number, the host,
 * the checkpoint and the list of its storages, then for each storage its count in 8 bytes and its
 * elements.
 */
export function openTorchLegacy(bytes: Uint8Array): TorchFile {
  const magic = unpickle(bytes, 0, PLAIN_WORLD);
  if (magic.value !== MAGIC) throw invalid("the magic number is wrong");
  const protocol = unpickle(bytes, magic.end, PLAIN_WORLD);
  if (protocol.value !== PROTOCOL) {
    throw new FewbitError(
      "unsupported",
      `Cannot read PyTorch checkpoint: its protocol is not ${PROTOCOL}`,
    );
  }
  const host = unpickle(bytes, protocol.end, PLAIN_WORLD);
  if (!(host.value instanceof Map)) throw invalid("the description of the host is not a dict");
  if (host.value.get("little_endian") !== true) {
    throw new FewbitError(
      "unsupported",
      "Cannot read PyTorch checkpoint: its byte order is not little-endian",
    );
  }
  const named = new Map<string, TorchStorage>();
  const root = unpickle(bytes, host.end, {
    findGlobal: TORCH_WORLD.findGlobal,
    loadPersistent(id: unknown): unknown {
      const value = TORCH_WORLD.loadPersistent(id);
      if (isStorage(value) && !named.has(value.key)) named.set(value.key, value);
      return value;
    },
  });
  const keys = unpickle(bytes, root.end, PLAIN_WORLD);
  const storages = locateStorages(bytes, keys.end, keys.value, named);
  return {
    root: root.value,
    loadStorage({ key }: TorchStorage): Promise<Uint8Array> {
      const storage = storages.get(key);
      if (storage === undefined) throw invalid(`the file does not list storage ${quote(key)}`);
      return Promise.resolve(storage);
    },
  };
}

function locateStorages(
  bytes: Uint8Array,
  start: number,
  keys: unknown,
  named: ReadonlyMap<string, TorchStorage>,
): Map<string, Uint8Array> {
  if (!Array.isArray(keys)) throw invalid("the list of storages is not a list");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  let at = start;
  for (const key of keys) {
    const storage = named.get(key);
    if (storage === undefined || storages.has(key)) {
      throw invalid("the list of storages has one that no tensor names, or has it twice");
    }
    const begin = at + 8;
    const end = begin + storage.fileCount * storage.elementBytes;
    if (end > bytes.length) {
      throw invalid(`storage ${quote(key)} passes the file's ${bytes.length} bytes`);
    }
    const count = view.getBigInt64(at, true);
    if (count !== BigInt(storage.fileCount)) {
      throw invalid(`storage ${quote(key)} has ${count} elements, expected ${storage.fileCount}`);
    }
    storages.set(key, bytes.subarray(begin, end));
    at = end;
  }
  return storages;
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read PyTorch checkpoint: ${problem}`);
}
