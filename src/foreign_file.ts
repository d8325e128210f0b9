/** What a file is that a reader cannot read: people name files wrongly, and downloads go wrong. */

/** First bytes of formats; `.` stands for any byte. */
const SIGNATURES: readonly (readonly [what: string, start: string, at?: number])[] = [
  ["a program of fewbit", "FEWB"],
  ["an index of fewbit search", "FBIX"],
  ["a saved session of fewbit", "FWSE"],
  ["a GGUF file", "GGUF"],
  ["a GGML file from before GGUF", "lmgg"],
  ["a GGML file from before GGUF", "tjgg"],
  ["an npy file", "\x93NUMPY"],
  ["a zip archive, as PyTorch writes checkpoints", "PK\x03\x04"],
  ["a pickle, as PyTorch wrote checkpoints before 1.6", "\x80\x02"],
  ["a pickle", "\x80\x04"],
  ["a pickle", "\x80\x05"],
  ["a PNG image", "\x89PNG"],
  ["a JPEG image", "\xff\xd8\xff"],
  ["a GIF image", "GIF8"],
  ["an HDF5 file", "\x89HDF"],
  ["a TensorFlow Lite file", "TFL3", 4],
  ["a WebAssembly module", "\0asm"],
  ["a program of Linux", "\x7fELF"],
  ["a PDF file", "%PDF"],
  ["a gzip archive; unpack it first", "\x1f\x8b"],
  ["an archive of Zstandard; unpack it first", "\x28\xb5\x2f\xfd"],
  ["an archive of xz; unpack it first", "\xfd7zXZ"],
  ["an archive of 7-Zip; unpack it first", "7z\xbc\xaf"],
  ["an archive of bzip2; unpack it first", "BZh"],
  ["a tar archive; unpack it first", "ustar", 257],
];

/** Bytes that are looked at. */
const LOOK = 512;

/**
 * Says what bytes are that are not what they should be, as the end of a sentence that begins with "it";
 * `undefined` where nothing is known of them.
 *
 * @param bytes The file, or its first bytes.
 * @param expected Words by which the reader's own format is known here, which is not named.
 */
export function foreignFile(bytes: Uint8Array, expected?: string): string | undefined {
  const what = kindOf(bytes);
  return what === undefined || expected !== undefined && ` ${what} `.includes(` ${expected} `)
    ? undefined
    : `it is ${what}`;
}

function kindOf(bytes: Uint8Array): string | undefined {
  // Latin-1: a character a byte.
  const start = String.fromCharCode(...bytes.subarray(0, LOOK));
  if (start.startsWith("version https://git-lfs.github.com/")) {
    return 'a Git LFS pointer: the file itself was not downloaded; run "git lfs pull"';
  }
  const found = SIGNATURES.find(([, text, at = 0]) => start.startsWith(text, at));
  if (found !== undefined) return found[0];
  if (bytes.length > 9 && isSafetensors(bytes)) return "a safetensors file";
  return textKind(start);
}

/** A length of at most 100 MB that the file has, and the brace of a JSON object. */
function isSafetensors(bytes: Uint8Array): boolean {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return length >= 2 && length <= 100_000_000 && bytes[8] === 0x7b;
}

function textKind(start: string): string | undefined {
  const text = start.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(!doctype html|html|head|body|title|script)\b/i.test(text)) {
    return "a web page (HTML), not the file: see what its address shows in a browser";
  }
  // Control characters other than line ends and tabs are in no text; most of UTF-8 passes.
  // deno-lint-ignore no-control-regex
  if (text === "" || /[\0-\x08\x0e-\x1f\x7f]/.test(text)) return undefined;
  if (/^<[?!a-z]/i.test(text)) return "text in XML";
  if (/^[{[]/.test(text)) return "text in JSON";
  // Eight bytes of a binary file can look like text.
  return text.length >= 16
    ? `text that begins with ${JSON.stringify(text.slice(0, 24))}`
    : undefined;
}
