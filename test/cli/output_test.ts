/** Where a command writes is looked at before its work, and what it reads is never replaced. */
import assert from "node:assert/strict";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { withFolder } from "../files/_temporary.ts";
import { fails, fewbit, start } from "./_fewbit.ts";

const CHECKPOINT = new URL("../vectors/tiny/deit.safetensors", import.meta.url).pathname;

Deno.test("cli: an output that cannot be, or that is read, is refused at once: 17 cases", async () => {
  await withFolder(async (folder) => {
    const at = (name: string): string => `${folder}/${name}`;
    await Deno.copyFile(CHECKPOINT, at("x.safetensors"));
    await Deno.symlink("x.safetensors", at("link"));
    await Deno.link(at("x.safetensors"), at("hard"));
    await Deno.mkdir(at("folder"));
    writeTinyEncoder(at("encoder"));
    await Deno.writeTextFile(at("texts"), CALIBRATION.join("\n"));
    const convert = ["convert", at("x.safetensors"), "--heads", "2", "-o"];
    const quantize = ["quantize", at("encoder"), "--calibration", at("texts"), "-o"];
    const embed = ["embed", at("missing.fewbit"), "a", "-o"];
    const search = ["search", "--add", at("encoder"), "--model", at("missing"), "--index"];
    const cases: readonly (readonly [args: string[], message: RegExp])[] = [
      [[...convert, at("missing/y")], /no such file or folder/],
      [[...convert, at("texts/y")], /no folder/],
      [[...convert, at("folder")], /is a folder/],
      [[...convert, at("folder/")], /is a folder/],
      [[...convert, at("x.safetensors")], /which is read; give another -o/],
      [[...convert, at("link")], /which is read/],
      [[...convert, at("hard")], /which is read/],
      [["convert", at("link"), "--heads", "2", "-o", at("x.safetensors")], /which is read/],
      [[...quantize, at("encoder/model.safetensors")], /which is read/],
      [[...quantize, at("encoder/1_Pooling/config.json")], /which is read/],
      [[...quantize, at("encoder/tokenizer.json")], /which is read/],
      [[...quantize, at("texts")], /which is read/],
      [[...quantize, at("encoder")], /is a folder/],
      [[...quantize, at("missing/y")], /no such file or folder/],
      [[...embed, at("missing/y.npy")], /Cannot write.*no such file or folder/],
      [
        ["inspect", at("missing.fewbit"), "--html", at("missing/y.html")],
        /Cannot write.*no such file/,
      ],
      [[...search, at("folder")], /folder/],
    ];
    assert.equal(cases.length, 17);
    const before = await Deno.readFile(at("x.safetensors"));
    for (const [args, message] of cases) await fails(args, message);
    assert.deepEqual(await Deno.readFile(at("x.safetensors")), before);
    // A compiled model in the folder that it came from is no input.
    assert.equal((await fewbit([...quantize, at("encoder/model.fewbit")])).code, 0);
    assert.equal((await fewbit([...quantize, at("encoder/model.fewbit")])).code, 0);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["encoder", "folder", "hard", "link", "texts", "x.safetensors"]);
  });
});

Deno.test("cli: embed takes texts as words, and writes to devices", async () => {
  await withFolder(async (folder) => {
    const at = (name: string): string => `${folder}/${name}`;
    writeTinyEncoder(at("encoder"));
    await Deno.writeTextFile(at("texts"), CALIBRATION.join("\n"));
    const model = at("tiny.fewbit");
    await fewbit(["quantize", at("encoder"), "--calibration", at("texts"), "-o", model]);
    const words = await fewbit(["embed", model, "the cat", "a dog"]);
    const lines = await fewbit(["embed", model], "the cat\na dog\n");
    assert.equal(words.out, lines.out);
    assert.equal(words.out.split("\n").length, 3);
    await fails(["embed", model, "a", "--input", at("texts")], /texts or --input/);
    await fails(["embed", model, "a", "-o", at("x.txt")], /^fewbit: Option -o is/);
  });
});

Deno.test("cli: six processes add to one index at once, and no passage is lost", async () => {
  await withFolder(async (folder) => {
    const at = (name: string): string => `${folder}/${name}`;
    writeTinyEncoder(at("encoder"));
    await Deno.writeTextFile(at("texts"), CALIBRATION.join("\n"));
    const model = at("tiny.fewbit");
    await fewbit(["quantize", at("encoder"), "--calibration", at("texts"), "-o", model]);
    const folders = [0, 1, 2, 3, 4, 5].map((i) => at(`notes${i}`));
    for (const [i, notes] of folders.entries()) {
      await Deno.mkdir(notes);
      for (let j = 0; j < 10; j++) {
        await Deno.writeTextFile(`${notes}/${j}.txt`, `the cat sat on house ${"abcdef"[i]} ${j}`);
      }
    }
    const children = folders.map((notes) =>
      start(["search", "--index", at("index"), "--add", notes, "--model", model, "--tokens", "8"])
    );
    for (const child of children) {
      await child.stdin.close();
      const { code, stderr } = await child.output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    }
    const all = await fewbit([
      "search",
      "the cat",
      "--index",
      at("index"),
      "--top",
      "1000",
      "--json",
    ]);
    const files = new Set(JSON.parse(all.out).results.map(({ path }: { path: string }) => path));
    assert.equal(files.size, 60);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
      name.startsWith(".")
    );
    assert.deepEqual(left, []);
  });
});
