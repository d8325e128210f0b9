/** Every reader says what a file is that it cannot read. */
import assert from "node:assert/strict";
import { load } from "../src/engines/load.ts";
import { FewbitError } from "../src/errors.ts";
import { readZip } from "../src/formats/zip.ts";
import { openGguf, readGguf } from "../src/formats/gguf.ts";
import { readIdx } from "../src/formats/idx.ts";
import { readNpy } from "../src/formats/npy.ts";
import { readOnnx, readTensorProto } from "../src/formats/onnx.ts";
import { readPth } from "../src/formats/pth.ts";
import { blobAccess } from "../src/formats/random_access.ts";
import { readSafetensors, readShardedSafetensors } from "../src/formats/safetensors.ts";
import { openSafetensors } from "../src/formats/safetensors_file.ts";
import { parseJson } from "../src/json.ts";
import { readJson } from "../src/checkpoints/checkpoint_folder.ts";
import { readEncoderScales } from "../src/quantize/encoder_scales.ts";
import { decodePassageIndex } from "../src/search/passage_index.ts";
import { decodeImage } from "../src/vision/decode.ts";
import { withFolder } from "./files/_temporary.ts";

const text = (string: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(string);
const latin1 = (string: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(string, (letter) => letter.charCodeAt(0));
const padded = (start: string, length = 600): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => i < start.length ? start.charCodeAt(i) : i % 251 | 1);

const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64) +
  "\nsize 90868376\n";

/** Files that people have by other names, and what is said of them. */
const FILES: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>, what: RegExp])[] = [
  ["pointer", text(POINTER), /Git LFS pointer.*git lfs pull/],
  ["page", text("<!DOCTYPE html><html><title>404</title></html>"), /web page \(HTML\)/],
  ["page without doctype", text("\n <HTML lang=en>\n"), /web page/],
  ["page with a mark", text("\ufeff<html><body>x"), /web page/],
  ["xml", text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), /XML/],
  ["words", text("Entry not found: see the log\n"), /text that begins with "Entry not found/],
  ["a script", text("#!/bin/sh\nset -e\necho hello\n"), /text that begins/],
  ["safetensors", latin1("\x12\0\0\0\0\0\0\0" + '{"w":{"dtype":"F32'), /safetensors/],
  ["gguf", padded("GGUF\x03\0\0\0"), /GGUF/],
  ["npy", padded("\x93NUMPY\x01\0"), /npy/],
  ["zip", padded("PK\x03\x04"), /zip archive/],
  ["pickle", padded("\x80\x02}q\0."), /pickle/],
  ["png", padded("\x89PNG\r\n\x1a\n"), /PNG/],
  ["jpeg", padded("\xff\xd8\xff\xe0"), /JPEG/],
  ["gzip", padded("\x1f\x8b\x08"), /gzip/],
  ["xz", padded("\xfd7zXZ\0"), /xz/],
  ["tar", padded("model/" + "\0".repeat(251) + "ustar\0"), /tar archive/],
  ["hdf5", padded("\x89HDF\r\n\x1a\n"), /HDF5/],
  ["tflite", padded("\x1c\0\0\0TFL3"), /TensorFlow Lite/],
  ["pdf", padded("%PDF-1.7\n\x80"), /PDF/],
  ["wasm", padded("\0asm\x01\0\0\0"), /WebAssembly/],
  ["fewbit", padded("FEWB\x01\0\0\0"), /program of fewbit/],
  ["index", padded("FBIX\x01\0\0\0"), /index of fewbit search/],
  ["session", padded("FWSE\x01\0\0\0"), /saved session/],
];

type Read = (bytes: Uint8Array<ArrayBuffer>) => unknown;

/** Readers, and the files that are theirs, begin as theirs do, or cannot be told by the 64 bytes that are read first. */
const READERS: readonly (readonly [name: string, read: Read, own: readonly string[]])[] = [
  ["readSafetensors", readSafetensors, ["safetensors"]],
  ["openSafetensors", (bytes) => withFile(bytes, openSafetensors), ["safetensors"]],
  ["readGguf", readGguf, ["gguf"]],
  ["openGguf", (bytes) => openGguf(blobAccess(new Blob([bytes]))), ["gguf"]],
  ["readNpy", readNpy, ["npy"]],
  ["readIdx", (bytes) => readIdx(bytes), ["gzip"]],
  ["readOnnx", readOnnx, []],
  ["readTensorProto", readTensorProto, []],
  ["readPth", (bytes) => readPth(bytes), ["zip", "pickle"]],
  ["readZip", readZip, ["zip"]],
  ["decodeImage", (bytes) => decodeImage(bytes), ["png", "jpeg"]],
  ["decodePassageIndex", decodePassageIndex, ["index"]],
  ["load", (bytes) => load(bytes), ["fewbit", "tar"]],
  ["load, reference", (bytes) => load(bytes, { engine: "reference" }), ["fewbit", "tar"]],
  ["load, a stream", (bytes) => load(new Blob([bytes]).stream()), ["fewbit", "tar"]],
  ["parseJson", (bytes) => parseJson("Cannot read x", bytes), []],
  ["readJson", (bytes) => withFile(bytes, readJson), []],
];

/** Readers of texts. */
const TEXT_READERS: readonly (readonly [name: string, read: (text: string) => unknown])[] = [
  ["readEncoderScales", readEncoderScales],
  ["readShardedSafetensors", (index) => readShardedSafetensors(index, () => Promise.reject())],
];

async function withFile(bytes: Uint8Array, read: (path: string) => unknown): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/file`, bytes);
    await read(`${folder}/file`);
  });
}

async function check(name: string, what: RegExp, work: () => unknown): Promise<void> {
  await assert.rejects(async () => void await work(), (error) => {
    assert.ok(error instanceof FewbitError, `${name}: ${error}`);
    assert.ok(["invalid_file", "unsupported"].includes(error.code), `${name}: ${error.code}`);
    assert.match(error.message, what, name);
    return true;
  }, name);
}

let pairs = 0;
for (const [, , own] of READERS) pairs += FILES.length - own.length;

Deno.test(`${READERS.length} readers say what a file of another kind is, ${pairs} pairs`, async () => {
  for (const [reader, read, own] of READERS) {
    for (const [name, bytes, what] of FILES) {
      if (!own.includes(name)) await check(`${reader}, ${name}`, what, () => read(bytes));
    }
  }
});

Deno.test("2 readers of texts say so of a pointer of Git LFS and of a page", async () => {
  for (const [reader, read] of TEXT_READERS) {
    await check(reader, /Git LFS pointer/, () => read(POINTER));
    await check(reader, /web page/, () => read("<!doctype html><html>"));
  }
});
