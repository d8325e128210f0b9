/** Quantising an encoder, embedding lines and searching a folder, as users do. */
import assert from "node:assert/strict";
import { readNpy } from "../../src/formats/npy.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function fewbit(args: readonly string[], input = ""): Promise<Result> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", CLI, ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  // A command that fails early reads nothing.
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function good(args: readonly string[], input?: string): Promise<Result> {
  const result = await fewbit(args, input);
  assert.equal(result.code, 0, result.err);
  return result;
}

Deno.test("cli: an encoder is quantised, embeds lines, and searches a folder", async (t) => {
  const folder = await Deno.makeTempDir();
  const at = (name: string): string => `${folder}/${name}`;
  const write = (name: string, text: string): Promise<void> => Deno.writeTextFile(at(name), text);
  const fails = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, err } = await fewbit(args);
    assert.equal(code, 1, err);
    assert.match(err, message);
    assert.equal(err.trim().split("\n").length, 1, err);
  };
  try {
    await Deno.mkdir(at("docs/more"), { recursive: true });
    writeTinyEncoder(at("encoder"));
    await write("calibration.txt", CALIBRATION.join("\n"));
    const model = at("tiny.fewbit");

    await t.step("quantize", async () => {
      await fails(["quantize", at("encoder"), "-o", model], /no scales ship.*--calibration/);
      await fails(["quantize", at("encoder"), "--calibration", at("none")], /no such file/);
      await fails(["quantize", at("encoder"), "--images", "x"], /on --images/);
      const calibration = ["--calibration", at("calibration.txt")];
      const { out } = await good(["quantize", at("encoder"), ...calibration, "-o", model]);
      assert.match(out, /calibrated on 4 texts/);
      const other = at("w7a8.fewbit");
      await good(["quantize", at("encoder"), ...calibration, "--bits", "w7a8", "-o", other]);
      assert.match((await good(["inspect", model])).out, /embedding_i8/);
    });

    await t.step("embed", async () => {
      await write("lines.txt", "the cat\r\n\na dog ran");
      const lines = ["the cat", "", "a dog ran"];
      using embedder = await TextEmbedder.fromPretrained(model);
      const { rows, tokens } = await embedder.embed(lines);
      await good(["embed", model, "--input", at("lines.txt"), "-o", at("out.npy")]);
      const { dtype, shape, data } = readNpy(await Deno.readFile(at("out.npy")));
      assert.deepEqual([dtype, shape], ["f32", [3, embedder.dimension]]);
      assert.deepEqual([...data as Float32Array], rows.flatMap((row) => [...row]));
      const { out } = await good(["embed", model, "--format", "int8"], "the cat\n\na dog ran\n");
      const { rows: codes } = await embedder.embed(lines, { format: "int8" });
      assert.deepEqual(
        out.trim().split("\n").map((line) => JSON.parse(line)),
        codes.map((row, index) => ({
          index,
          tokens: tokens[index],
          truncated: false,
          embedding: [...row],
        })),
      );
      const prompt = ["--prompt", "query", "--format", "binary", "-o", at("out.jsonl")];
      await good(["embed", model, ...prompt], "cat");
      const line = JSON.parse(await Deno.readTextFile(at("out.jsonl")));
      const asked = await embedder.embed("query: cat", { format: "binary" });
      assert.deepEqual(line.embedding, [...asked.rows[0]]);
      await good(["embed", model, "-o", at("empty.npy")], "");
      assert.deepEqual(readNpy(await Deno.readFile(at("empty.npy"))).shape, [0, 32]);
      await fails(["embed", model, "-o", at("out.txt")], /\.npy or \.jsonl/);
      await fails(["embed", model, "--format", "int4"], /float32 or int8 or binary/);
      await fails(["embed", model, "--input", at("none")], /no such file/);
      await fails(["embed", model, "--input", folder], /is a folder/);
      await fails(["embed", model, "--prompt", "answer", "--input", at("lines.txt")], /query/);
      await Deno.writeFile(at("latin1.txt"), Uint8Array.of(0xe9, 10));
      await fails(["embed", model, "--input", at("latin1.txt")], /not UTF-8/);
    });

    await t.step("search", async () => {
      const index = at("docs.index");
      await write("docs/cats.txt", "the cat sat on the mat.\n\ncats");
      await write("docs/more/dogs.md", "a dog ran\n".repeat(10));
      await write("docs/.hidden", "the cat sat on the mat.");
      await Deno.writeFile(at("docs/binary"), Uint8Array.of(0, 1, 2));
      const add = ["--index", index, "--add", at("docs")];
      const built = await good([
        "search",
        ...add,
        "--model",
        model,
        "--tokens",
        "8",
        "--overlap",
        "2",
      ]);
      assert.match(
        built.err,
        /^2 files embedded, 0 unchanged, 0 removed, 1 without text; 7 passages/,
      );
      const ask = ["search", "the cat sat on the mat.", "--index", index];
      const [first, second] = JSON.parse((await good([...ask, "--json"])).out).results;
      assert.deepEqual(
        [first.path, first.first_line, first.last_line, first.text],
        [await Deno.realPath(at("docs/cats.txt")), 1, 1, "the cat sat on the mat."],
      );
      assert.ok(first.score > second.score);
      const { out } = await good([...ask, "--top", "1"]);
      assert.match(out, /cats\.txt:1-1\n +the cat sat/);

      await write("docs/cats.txt", "a house");
      await write("docs/new.txt", "on the house");
      await Deno.remove(at("docs/more"), { recursive: true });
      const { err, out: json } = await good(["search", "a house", ...add, "--json"]);
      const { results, added } = JSON.parse(json);
      assert.equal(results[0].text, "a house");
      assert.deepEqual(added, { embedded: 2, unchanged: 0, removed: 1, skipped: 1, passages: 2 });
      assert.match(err, /^2 files embedded, 0 unchanged, 1 removed, 1 without text; 2 passages/);
      await Deno.utime(at("docs/cats.txt"), 5, 5);
      assert.match((await good(["search", ...add])).err, /^0 files embedded, 2 unchanged, 0 rem/);

      await fails(
        ["search", "a", "--index", index, "--model", at("w7a8.fewbit")],
        /made by encoder/,
      );
      await fails(["search", "a", "--index", at("none")], /no such file/);
      await fails(["search", "a", "--index", model], /not one/);
      await fails(["search", "--index", index], /Give a question/);
      await fails(["search", ...add, "--tokens", "5"], /passages of 8 tokens/);
      await fails(["search", "--index", at("other"), "--add", at("docs")], /give --model/);
      const missing = ["search", "--index", index, "--add", at("missing")];
      await fails(missing, /no such file or folder/);
      const damaged = await Deno.readFile(index);
      damaged[damaged.length - 1] ^= 1;
      await Deno.writeFile(index, damaged);
      await fails(ask, /damaged/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
