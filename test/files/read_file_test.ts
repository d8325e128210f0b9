import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { fileError } from "../../src/files/file_error.ts";
import {
  isFile,
  isFolder,
  openFile,
  openFileSync,
  readFile,
  readOptionalFile,
} from "../../src/files/read_file.ts";
import { writeFile } from "../../src/files/write_file.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { listImages } from "../../src/vision/load_folder.ts";
import { makePipe, withFolder } from "./_temporary.ts";

const MODEL = Deno.readFileSync(
  new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url),
);
const PICTURE = Deno.readFileSync(
  new URL("../../examples/fashion/000-ankle-boot.png", import.meta.url),
);

Deno.test("files: what is no file is refused at once, 11 kinds, by readers with and without waiting", async () => {
  await withFolder(async (folder) => {
    const at = (name: string): string => `${folder}/${name}`;
    await Deno.writeTextFile(at("file"), "text");
    await makePipe(at("pipe"));
    using _socket = Deno.listen({ transport: "unix", path: at("socket") });
    await Deno.symlink("loop", at("loop"));
    await Deno.symlink("pipe", at("to-pipe"));
    await Deno.symlink("nothing", at("dangling"));
    const cases: readonly (readonly [path: string, code: string, message: RegExp])[] = [
      [folder, "invalid_argument", /is a folder/],
      [at("pipe"), "invalid_argument", /is a pipe/],
      [at("to-pipe"), "invalid_argument", /is a pipe/],
      [at("socket"), "invalid_argument", /is a socket/],
      ["/dev/zero", "invalid_argument", /is a device/],
      [at("loop"), "invalid_argument", /round in a circle/],
      [at("dangling"), "not_found", /no such file/],
      [at("file/x"), "not_found", /no folder/],
      [at("a".repeat(300)), "invalid_argument", /name is too long/],
      [at("a\0b"), "invalid_argument", /not valid/],
      ["", "not_found", /no such file/],
    ];
    for (const [path, code, message] of cases) {
      const start = performance.now();
      for (const read of [readFile, openFile, async (name: string) => await openFileSync(name)]) {
        await assert.rejects(read(path), (error) => {
          assert.ok(error instanceof FewbitError, `${path}: ${error}`);
          assert.equal(error.code, code, path);
          assert.match(error.message, message);
          return true;
        });
      }
      assert.ok(performance.now() - start < 1000, path);
    }
    assert.equal(await readOptionalFile(at("dangling")), undefined);
    assert.equal(await readOptionalFile(at("file/x")), undefined);
    await assert.rejects(readOptionalFile(at("pipe")), { code: "invalid_argument" });
    assert.deepEqual([await isFile(at("file")), await isFile(folder), await isFile("")], [
      true,
      false,
      false,
    ]);
    assert.deepEqual([await isFolder(at("file")), await isFolder(folder)], [false, true]);
  });
});

Deno.test("files: where the host has none, a path is refused in words, and what needs none goes on", async () => {
  const { process } = globalThis as unknown as { process: { getBuiltinModule: unknown } };
  const { getBuiltinModule } = process;
  process.getBuiltinModule = undefined;
  try {
    const refused = {
      code: "unsupported",
      message: "Cannot open model.fewbit: this host has no file system; give bytes or a URL",
    };
    await assert.rejects(readFile("model.fewbit"), refused);
    await assert.rejects(openFile("model.fewbit"), refused);
    await assert.rejects(isFile("model.fewbit"), refused);
    assert.throws(() => openFileSync("model.fewbit"), refused);
    await assert.rejects(ImageClassifier.fromPretrained("model.fewbit"), refused);
    await assert.rejects(writeFile("model.fewbit", new Uint8Array()), { code: "unsupported" });
    await assert.rejects(listImages("pictures"), { code: "unsupported" });
    const url = `data:;base64,${MODEL.toBase64()}`;
    using classifier = await ImageClassifier.fromPretrained(url);
    assert.equal((await classifier.classify(PICTURE)).label, "Ankle boot");
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});

Deno.test("files: without the permission of Deno or of Node, a failure of the system", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/main.ts`;
    await Deno.writeTextFile(
      path,
      `import { ImageClassifier, listImages } from "${new URL("../../mod.ts", import.meta.url)}";
      for (const work of [ImageClassifier.fromPretrained, listImages]) {
        await work("/etc/passwd").catch(({ code, message }) => console.log(code, message));
      }`,
    );
    const args = ["run", "--quiet", "--no-prompt", "--no-check", path];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assert.equal(lines.length, 2, lines.join("\n"));
    for (const line of lines) assert.match(line, /^io_error Cannot .*Requires read access/);
  });
  const denied = Object.assign(new Error("Access to this API has been restricted"), {
    code: "ERR_ACCESS_DENIED",
  });
  assert.equal((fileError("Cannot read x", denied) as FewbitError).code, "io_error");
});

/** A signal at whose second look something happens: between two steps of reading. */
function atSecondLook(work: () => void): AbortSignal {
  let looks = 0;
  return { throwIfAborted: () => ++looks === 2 && work() } as unknown as AbortSignal;
}

Deno.test("files: one that grows or shrinks while it is read is refused, and one without a size", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeFile(path, new Uint8Array(1000));
    assert.equal((await readFile(path, { maxBytes: 1000 })).length, 1000);
    await assert.rejects(readFile(path, { maxBytes: 999 }), { code: "limit_exceeded" });
    const shrinks = atSecondLook(() => Deno.truncateSync(path, 10));
    await assert.rejects(readFile(path, { signal: shrinks }), {
      code: "invalid_file",
      message: /ends at 10 of 1000/,
    });
    const grows = atSecondLook(() => Deno.writeFileSync(path, new Uint8Array(5), { append: true }));
    await assert.rejects(readFile(path, { signal: grows }), {
      code: "invalid_file",
      message: /more than its 10 bytes/,
    });
    const large = `${folder}/large`;
    (await Deno.open(large, { write: true, createNew: true })).close();
    await Deno.truncate(large, 2 ** 40);
    await assert.rejects(readFile(large), { code: "limit_exceeded", message: /1099511627776/ });
  });
  if (Deno.build.os === "linux") {
    await assert.rejects(readFile("/proc/self/status"), { code: "invalid_file" });
  }
});

Deno.test("files: an abort is an abort", async () => {
  const reason = new Error("enough");
  await assert.rejects(readFile("x", { signal: AbortSignal.abort(reason) }), reason);
});

Deno.test("files: 14 failures of the system have codes and words, what is no failure of it stays", () => {
  const codes: Record<string, string> = {
    ...{ ENOENT: "not_found", ENOTDIR: "not_found", EISDIR: "invalid_argument" },
    ...{ ENAMETOOLONG: "invalid_argument", ELOOP: "invalid_argument", EACCES: "io_error" },
    ...{ EPERM: "io_error", EROFS: "io_error", ENOSPC: "io_error", EDQUOT: "io_error" },
    ...{ EFBIG: "io_error", EMFILE: "io_error", EPIPE: "io_error", EIO: "io_error" },
  };
  for (const [code, expected] of Object.entries(codes)) {
    const cause = Object.assign(new Error("Input/output error (os error 5): read 'x'\nat x"), {
      code,
    });
    const error = fileError("Cannot read x", cause) as FewbitError;
    assert.equal(error.code, expected, code);
    assert.match(error.message, /^Cannot read x: [^\n(]+$/);
    assert.equal(error.cause, cause);
  }
  const denied = new Deno.errors.NotCapable('Requires read access to "x"');
  assert.equal((fileError("Cannot read x", denied) as FewbitError).code, "io_error");
  for (const other of [new TypeError("defect"), new DOMException("x", "AbortError"), "text"]) {
    assert.equal(fileError("Cannot read x", other), other);
  }
});
