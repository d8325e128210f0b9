import assert from "node:assert/strict";
import { listImages } from "../../src/vision/load_folder.ts";

/** Runs a test in a folder that has empty files at these paths. */
async function withFiles(paths: string[], test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const path of paths) {
      await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      if (!path.endsWith("/")) await Deno.writeTextFile(`${dir}/${path}`, "");
    }
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("listImages labels by subfolder, in the order of torchvision's ImageFolder", async () => {
  const paths = [
    "dog/b.PNG",
    "dog/a.jpg",
    "cat/z.png",
    "cat/sub/y.jpeg",
    "cat/a/x.jpg",
    "top.png",
    "cat/notes.txt",
    ".ipynb_checkpoints/",
    ".hidden/a.png",
    "cat/._z.png",
    "cat/.cache/z.png",
    ".top.png",
  ];
  await withFiles(paths, async (dir) => {
    for (const given of [dir, `${dir}/`]) {
      const { classes, files } = await listImages(given);
      assert.deepEqual(classes, ["cat", "dog"]);
      assert.deepEqual(files.map(({ path, label }) => [path.slice(dir.length + 1), label]), [
        ["top.png", undefined],
        ["cat/z.png", 0],
        ["cat/a/x.jpg", 0],
        ["cat/sub/y.jpeg", 0],
        ["dog/a.jpg", 1],
        ["dog/b.PNG", 1],
      ]);
    }
  });
});

Deno.test("listImages follows links, but not in circles", async () => {
  await withFiles(["data/cat/a.png", "other/b.png"], async (dir) => {
    await Deno.symlink(`${dir}/other`, `${dir}/data/dog`);
    await Deno.symlink(`${dir}/other/b.png`, `${dir}/data/cat/c.png`);
    const { files } = await listImages(`${dir}/data`);
    assert.deepEqual(files.map(({ path }) => path.slice(dir.length)), [
      "/data/cat/a.png",
      "/data/cat/c.png",
      "/data/dog/b.png",
    ]);
    await Deno.symlink(`${dir}/data`, `${dir}/data/cat/loop`);
    await assert.rejects(listImages(`${dir}/data`), {
      code: "invalid_argument",
      message: /leads back/,
    });
  });
});

Deno.test("listImages refuses what is no folder", async () => {
  await withFiles(["file.png"], async (dir) => {
    await assert.rejects(listImages(`${dir}/none`), { code: "not_found" });
    await assert.rejects(listImages(`${dir}/file.png`), { code: "invalid_argument" });
    await Deno.symlink(`${dir}/none`, `${dir}/broken.png`);
    await assert.rejects(listImages(dir), { code: "not_found", message: /broken/ });
  });
});

Deno.test("listImages refuses 4 kinds of classes without a picture, by name", async () => {
  for (const empty of ["empty/", "empty/deep/", "empty/notes.txt", "empty/.a.png"]) {
    await withFiles(["cat/a.png", empty], async (dir) => {
      await assert.rejects(listImages(dir), { code: "invalid_argument", message: /empty" has no/ });
    });
  }
});
