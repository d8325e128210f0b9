/** `fewbit convert --part-size` and commands on models in parts. */
import assert from "node:assert/strict";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { withFolder } from "../files/_temporary.ts";
import { fails, fewbit } from "./_fewbit.ts";

const MODEL = new URL("../../models/stories260k.fewbit", import.meta.url).pathname;
const GENERATE = ["generate", "Once upon", "--temperature", "0", "--max-tokens", "8"];

Deno.test("cli: convert cuts a model into parts, which every command takes by their index", async () => {
  await withFolder(async (folder) => {
    const output = `${folder}/stories.fewbit`, index = `${output}.parts.json`;
    const made = await fewbit(["convert", MODEL, "-o", output, "--part-size", "100KB"]);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /stories\.fewbit\.parts\.json: 5 parts, 407\.1 kB/);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      ...[1, 2, 3, 4, 5].map((n) => `stories.fewbit.part-00${n}`),
      "stories.fewbit.parts.json",
    ]);
    const joined = await Promise.all(
      names.slice(0, 5).map((name) => Deno.readFile(`${folder}/${name}`)),
    );
    assert.deepEqual(
      new Uint8Array(await new Blob(joined).arrayBuffer()),
      await Deno.readFile(MODEL),
    );
    const [whole, parts] = await Promise.all(
      [MODEL, index].map((model) => fewbit([...GENERATE, "--model", model])),
    );
    assert.equal(parts.code, 0, parts.err);
    assert.equal(parts.out, whole.out);
    const inspected = await fewbit(["inspect", index, "--json"]);
    assert.equal(JSON.parse(inspected.out).file_bytes, 407_128);
    // Over the network the parts are beside the index.
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => {
        const file = `${folder}${new URL(request.url).pathname}`;
        return Deno.readFile(file).then(
          (bytes) => new Response(bytes),
          () => new Response("", { status: 404 }),
        );
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}/stories.fewbit.parts.json`;
    using lm = await TextGenerator.fromPretrained(url);
    assert.equal(lm.vocabularySize, 512);
    const third = `${output}.part-003`;
    await Deno.writeFile(third, (await Deno.readFile(third)).with(50, 1));
    await fails(["inspect", index], /Cannot load stories\.fewbit\.part-003: its checksum/);
    await Deno.remove(third);
    await fails([...GENERATE, "--model", index], /part-003.*no such file/);
    await assert.rejects(TextGenerator.fromPretrained(url), { code: "not_found" });
    await Deno.writeTextFile(index, "{}");
    await fails(["inspect", index], /Cannot read index of parts: its format/);
    await Deno.writeTextFile(index, "<html>");
    await fails(["inspect", index], /parts\.json/);
  });
});

Deno.test("cli: sizes and names of parts that are none", async () => {
  await withFolder(async (folder) => {
    const convert = (size: string, name = "m.fewbit") => [
      "convert",
      MODEL,
      "-o",
      `${folder}/${name}`,
      "--part-size",
      size,
    ];
    for (const size of ["0", "1", "20XB", "MB", "1e9", "99999999999999999GB"]) {
      await fails(convert(size), /--part-size is ".*", expected 1 kB at least/);
    }
    await fails(convert("20MB", "ü.fewbit"), /their names are letters, digits/);
    const { out } = await fewbit(convert("1KiB"));
    assert.match(out, /: 398 parts, /);
  });
});

Deno.test("cli: inspect says what memory a language model takes at which context", async () => {
  const { out } = await fewbit(["inspect", MODEL]);
  assert.match(out, /Memory by context \(one session, 64 tokens at once\): weights 3\d\d\.\d kB/);
  assert.match(out, /\n +256 +\d+\.\d kB +\d+\.\d kB\n/);
  assert.match(out, /128 MB are enough for a context of 512; in a Worker/);
  const { contexts } = JSON.parse((await fewbit(["inspect", MODEL, "--json"])).out);
  // Codes of keys and values in five layers: 32 channels of each.
  const [small, large] = contexts.rows;
  assert.equal(large.caches - small.caches, (large.context - small.context) * 5 * 2 * 32);
  using lm = await TextGenerator.fromPretrained(MODEL, { context: large.context, chunkSize: 64 });
  assert.ok(lm.memoryBytes > large.total * 0.9);
});
