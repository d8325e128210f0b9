import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { readTokenizer } from "../../src/checkpoints/tokenizer_folder.ts";
import { ChatTemplate } from "../../src/text/chat_template.ts";
import { vectorsOf } from "../text/_vectors.ts";

const { tokenizer, config } = vectorsOf("word_piece");

function code(expected: string, message: string) {
  return (error: unknown) =>
    error instanceof FewbitError && error.code === expected && error.message.includes(message);
}

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return path;
}

Deno.test("readTokenizer() reads a folder by its path and its URL", async () => {
  const path = await folder({ "tokenizer.json": JSON.stringify(tokenizer) });
  for (const source of [path, new URL(`file://${path}`), `file://${path}/`]) {
    const ours = await readTokenizer(source);
    assert.deepEqual(ours.config, {});
    assert.deepEqual([...ours.encode("").ids], [2, 3]);
  }
  await Deno.writeTextFile(`${path}/tokenizer_config.json`, JSON.stringify({ sep_token: "[SEP]" }));
  assert.equal((await readTokenizer(path)).specialIds.sep, 3);
  await Deno.writeTextFile(`${path}/chat_template.jinja`, "{{ sep_token }}");
  const template = ChatTemplate.fromConfig((await readTokenizer(path)).config);
  assert.equal(template.render([]), "[SEP]");
  await Deno.remove(path, { recursive: true });
});

Deno.test("readTokenizer() says what is missing or no JSON", async () => {
  const path = await folder({});
  await assert.rejects(() => readTokenizer(path), code("not_found", "tokenizer.json"));
  await Deno.writeTextFile(`${path}/tokenizer.json`, "{");
  await assert.rejects(() => readTokenizer(path), code("invalid_file", "is not JSON"));
  await Deno.writeTextFile(`${path}/tokenizer.json`, JSON.stringify(tokenizer));
  await Deno.writeTextFile(`${path}/tokenizer_config.json`, "[]");
  await assert.rejects(() => readTokenizer(path), code("invalid_file", "tokenizer_config.json"));
  await Deno.writeTextFile(`${path}/chat_template.jinja`, "x");
  await assert.rejects(() => readTokenizer(path), code("invalid_file", "tokenizer_config.json"));
  await Deno.remove(path, { recursive: true });
});

Deno.test("readTokenizer() fetches; only status 404 means that there is no config", async () => {
  const files: Record<string, string> = { "/m/tokenizer.json": JSON.stringify(tokenizer) };
  let status = 404;
  const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    assert.equal(search, "?key=1");
    return new Response(files[pathname] ?? "no", { status: pathname in files ? 200 : status });
  });
  const base = `http://localhost:${server.addr.port}/m?key=1`;
  assert.deepEqual((await readTokenizer(base)).config, {});
  status = 500;
  await assert.rejects(() => readTokenizer(base), code("not_found", "status 500"));
  files["/m/tokenizer_config.json"] = JSON.stringify(config);
  files["/m/chat_template.jinja"] = "x";
  assert.equal((await readTokenizer(new URL(base))).config.chat_template, "x");
  await server.shutdown();
});
