/** Failures of files, networks and pipes: one line, a status, and no trace of a stack. */
import assert from "node:assert/strict";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { makePipe, withFolder } from "../files/_temporary.ts";
import { fails, fewbit, start } from "./_fewbit.ts";

const at = (name: string): string => new URL(`../../${name}`, import.meta.url).pathname;
const PICTURE = at("examples/fashion/000-ankle-boot.png");
const VIT = at("models/vit-fashion-mnist.fewbit");
const TEXT = at("models/hgrn-shakespeare.fewbit");

/** Runs some at a time: each is a process. */
async function inTurns(works: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = [...works];
  await Promise.all([1, 2, 3].map(async () => {
    for (let work = queue.shift(); work !== undefined; work = queue.shift()) await work();
  }));
}

Deno.test("cli: 18 mistakes of typing are refused with status 2, and what was meant is named", async () => {
  const cases: readonly (readonly [args: string[], message: RegExp])[] = [
    [["clasify", "x"], /did you mean classify\?/],
    [["quantise", "x"], /did you mean quantize\?/],
    [["clasify", "--help"], /did you mean classify\?/],
    [["fly"], /unknown command 'fly' \(see fewbit --help\)/],
    [["help", "fly"], /unknown command 'fly'/],
    [["__proto__"], /unknown command '__proto__'/],
    [["--helpp"], /unknown option '--helpp'; did you mean --help\?/],
    [["--engine", "wasm"], /unknown option '--engine'/],
    [["classify"], /missing required argument 'images' \(see fewbit classify --help\)/],
    [["classify", PICTURE, "--engin", "wasm"], /did you mean --engine\?/],
    [["classify", PICTURE, "--version"], /unknown option '--version'/],
    [["generate", "to", "be"], /too many arguments.*got 2: to, be; .*in quotes/],
    [["generate", "x", "--maxTokens", "2"], /did you mean --max-tokens\?/],
    [["quantize", "a", "b"], /too many arguments.*a, b/],
    [["inspect", VIT, "--json=yes"], /'--json' takes no value/],
    [["bench", VIT, "--batch"], /'--batch <n>' argument missing/],
    [["search", "x"], /option '--index <file>' is missing/],
    [["search", "x", "--indx", "y"], /did you mean --index\?/],
  ];
  assert.equal(cases.length, 18);
  await inTurns(cases.map(([args, message]) => () => fails(args, message, 2)));
});

Deno.test("cli: what is no file is refused by every command that reads one, 24 cases", async () => {
  await withFolder(async (folder) => {
    const pipe = `${folder}/pipe`, loop = `${folder}/loop`, pointer = `${folder}/pointer.fewbit`;
    await makePipe(pipe);
    await Deno.symlink("loop", loop);
    await Deno.writeTextFile(pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    const readers: readonly ((path: string) => string[])[] = [
      (path) => ["classify", path],
      (path) => ["classify", PICTURE, "--model", path],
      (path) => ["generate", "x", "--model", path],
      (path) => ["embed", path, "x"],
      (path) => ["inspect", path],
      (path) => ["bench", path],
      (path) => ["eval", TEXT, "--perplexity", path],
      (path) => ["search", "x", "--index", path],
    ];
    const paths = [[pipe, /is a pipe/], ["/dev/zero", /is a device/], [
      loop,
      /round in a circle/,
    ]] as const;
    const works = readers.flatMap((read) =>
      paths.map(([path, what]) => () => fails(read(path), what))
    );
    assert.equal(works.length, 24);
    await inTurns(works);
    await fails(["classify", PICTURE, "--model", pointer], /Git LFS pointer/);
    await fails(["inspect", pointer], /Git LFS pointer/);
    await fails(["classify", at("src")], /is a folder/);
    await fails(["convert", pipe, "-o", `${folder}/x`], /is a pipe/);
  });
});

Deno.test("cli: 6 failures of a network are one line", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/loop") {
      return new Response(null, { status: 302, headers: { location: "/loop" } });
    }
    if (pathname === "/page") return new Response("<!doctype html><html>Not here, go back</html>");
    return new Response("no", { status: Number(pathname.slice(1)) });
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  const cases: readonly (readonly [url: string, message: RegExp])[] = [
    [`${base}/404`, /status 404/],
    [`${base}/503`, /status 503/],
    [`${base}/loop`, /redirects/],
    [`${base}/page`, /web page/],
    ["http://127.0.0.1:1/", /Cannot fetch/],
    ["gopher://127.0.0.1/", /http or https/],
  ];
  await inTurns(
    cases.map(([url, message]) => () => fails(["classify", PICTURE, "--model", url], message)),
  );
  await server.shutdown();
});

Deno.test("cli: a reader that goes away ends a command quietly, a full disk with a line", async () => {
  const child = start(["generate", "ROMEO:", "--max-tokens", "100000", "--seed", "1"]);
  const err = new Response(child.stderr).text();
  await child.stdin.close();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal((await child.status).code, 141);
  assert.equal(await err, "");
  if (Deno.build.os !== "linux") return;
  const full = new Deno.Command("sh", {
    args: ["-c", `"$0" run -qA "$1" inspect "$2" > /dev/full`, Deno.execPath(), at("cli.ts"), VIT],
  });
  const { code, stderr } = await full.output();
  assert.equal(code, 1);
  const text = new TextDecoder().decode(stderr);
  assert.equal(text, "fewbit: Cannot write standard output: no space left on the device\n");
});

Deno.test("cli: standard input that is not UTF-8 or endless is refused", async () => {
  const child = start(["generate", "--max-tokens", "2"]);
  const writer = child.stdin.getWriter();
  await writer.write(Uint8Array.of(0xff, 0xfe)).then(() => writer.close()).catch(() => {});
  const { code, stderr } = await child.output();
  assert.equal(code, 1);
  assert.match(
    new TextDecoder().decode(stderr),
    /^fewbit: Cannot read standard input: it is not UTF-8\n$/,
  );
  if (Deno.build.os !== "linux") return;
  const endless = new Deno.Command("sh", {
    args: ["-c", `"$0" run -qA "$1" generate < /dev/zero`, Deno.execPath(), at("cli.ts")],
  });
  const refused = await endless.output();
  assert.equal(refused.code, 1);
  assert.match(new TextDecoder().decode(refused.stderr), /has more than 67108864 characters/);
});

Deno.test("cli: the seed that was drawn is shown, and writes the same text again", async () => {
  const args = ["generate", "ROMEO:", "--max-tokens", "12"];
  const first = await fewbit(args);
  const seed = /seed (\d+)\]/.exec(first.err)?.[1];
  assert.ok(seed !== undefined, first.err);
  assert.equal((await fewbit([...args, "--seed", seed])).out, first.out);
  assert.equal(typeof JSON.parse((await fewbit([...args, "--json"])).out).seed, "number");
});

Deno.test("cli: a picture that is broken is named, in a list and in a folder", async () => {
  await withFolder(async (folder) => {
    for (const name of ["cat", "dog"]) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.copyFile(PICTURE, `${folder}/${name}/good.png`);
    }
    const broken = `${folder}/dog/broken.png`;
    await Deno.writeFile(broken, (await Deno.readFile(PICTURE)).subarray(0, 90));
    await fails(["classify", PICTURE, broken], /dog\/broken\.png: Cannot decode PNG/);
    await fails(["eval", VIT, "--images", folder], /dog\/broken\.png: Cannot decode PNG/);
    await Deno.remove(broken);
    await Deno.copyFile(PICTURE, `${folder}/astray.png`);
    await fails(["eval", VIT, "--images", folder, "--skip", "0.5"], /--skip does not go with/);
    await fails(["eval", VIT, "--perplexity", "x", "--batch", "2"], /--batch does not go with/);
    await fails(["eval", VIT, "--images", folder], /astray\.png lies in no class's folder/);
    await Deno.remove(`${folder}/astray.png`);
    await Deno.mkdir(`${folder}/.ipynb_checkpoints`);
    assert.match((await fewbit(["eval", VIT, "--images", folder])).out, /of 2\)/);
    await Deno.mkdir(`${folder}/bird`);
    await fails(["eval", VIT, "--images", folder], /class "[^"]*bird" has no/);
  });
});

Deno.test({
  name: "cli: at a terminal, standard input is announced by both commands that read it",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const [args, what] of [["generate --max-tokens 2", "a text"], ["embed MODEL", "texts"]]) {
      await withFolder(async (folder) => {
        writeTinyEncoder(`${folder}/encoder`);
        await Deno.writeTextFile(`${folder}/texts`, CALIBRATION.join("\n"));
        const model = `${folder}/tiny.fewbit`;
        const calibration = ["--calibration", `${folder}/texts`];
        await fewbit(["quantize", `${folder}/encoder`, ...calibration, "-o", model]);
        const command = `${Deno.execPath()} run -qA ${at("cli.ts")} ${
          args.replace("MODEL", model)
        }`;
        // A terminal of its own.
        const child = new Deno.Command("script", {
          args: ["-qec", command, "/dev/null"],
          stdin: "piped",
          stdout: "piped",
        }).spawn();
        const writer = child.stdin.getWriter();
        await new Promise((resolve) => setTimeout(resolve, 800));
        await writer.write(new TextEncoder().encode("the cat\n\x04"));
        const { stdout, code } = await child.output();
        await writer.close().catch(() => {});
        const text = new TextDecoder().decode(stdout);
        assert.equal(code, 0, text);
        const announced = `Reading ${what}.*from standard input; Ctrl-D ends it`;
        assert.match(text, new RegExp(announced));
      });
    }
  },
});
