/** `fewbit train` of language models, and of classes one after the other. */
import assert from "node:assert/strict";
import { fails, fewbit, interrupted } from "./_fewbit.ts";
import { CLASSES, withPictures } from "./_pictures.ts";

/** Sizes of a model that a second teaches something. */
const SMALL = ["--width", "32", "--depth", "2", "--hidden", "48", "--window", "16", "--batch", "6"];

/** Runs with a text in a folder of its own. */
async function withText(run: (folder: string, given: string[]) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const line =
      "ROMEO:\nMy lord, my lord, I will confess it.\n\nKING HENRY VI:\nMy vices, my lord.\n\n";
    await Deno.writeTextFile(`${folder}/play.txt`, line.repeat(150));
    await run(folder, ["--data", `${folder}/play.txt`, ...SMALL]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const model of ["hgrn-bit", "transformer"]) {
  Deno.test(`cli: train teaches a ${model} a text; exported and converted it writes it`, () =>
    withText(async (folder, given) => {
      const output = `${folder}/play.safetensors`;
      const args = ["train", "--model", model, ...given, "--epochs", "4", "-o", output];
      const { code, out, err } = await fewbit(args);
      assert.equal(code, 0, err);
      assert.match(
        out,
        new RegExp(`^${model}: \\d+ tokens, \\d+ held out, \\d+ steps of 6 windows`),
      );
      assert.match(out, /\nepoch 4 of 4: loss \d\.\d{4}, held out \d\.\d{4}, \d+ tokens\/s: "/);
      const [, loss] = /: held out ([\d.]+) nats a token/.exec(out) ?? [];
      assert.ok(Number(loss) < 2, out);
      const exported = await fewbit(["export", output, "-o", `${folder}/play`]);
      assert.equal(exported.code, 0, exported.err);
      const converted = await fewbit(["convert", `${folder}/play`, "-o", `${folder}/play.fewbit`]);
      assert.equal(converted.code, 0, converted.err);
      const text = ["--max-tokens", "8", "--temperature", "0"];
      const written = await fewbit([
        "generate",
        "ROMEO:\nMy",
        "--model",
        `${folder}/play.fewbit`,
        ...text,
      ]);
      assert.equal(written.code, 0, written.err);
      assert.match(written.out, /lord/);
      // Whoever takes the checkpoint itself is told the way.
      const other = ["-o", `${folder}/other`];
      await fails(["convert", output, ...other], /"fewbit export" makes a folder of it/);
      await fails(["finetune", output, ...other], /of a language model; "fewbit export" makes/);
      await fails(
        ["generate", "x", "--model", output],
        /weights alone are no model; .*"fewbit export"/,
      );
    }));
}

Deno.test("cli: train of a language model goes on after Ctrl-C to the same bits", () =>
  withText(async (folder, given) => {
    const args = (name: string, epochs = "8") => [
      ...["train", "--model", "hgrn-bit", ...given, "--epochs", epochs, "-o", `${folder}/${name}`],
    ];
    assert.equal((await fewbit(args("whole"))).code, 0);
    await interrupted(args("stopped"), "epoch 2");
    const resumed = await fewbit([...args("stopped"), "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    const last = (name: string) => Deno.readFile(`${folder}/${name}.last`);
    assert.deepEqual(await last("stopped"), await last("whole"));
    // Within the first epoch there is no best one yet.
    await interrupted(args("early"), "of memory");
    const early = await fewbit([...args("early"), "--resume"]);
    assert.equal(early.code, 0, early.err);
    assert.deepEqual(await last("early"), await last("whole"));
    // Stopped between the end of an epoch and its evaluation, it is the best one.
    const short = args("short", "1");
    assert.equal((await fewbit(short)).code, 0);
    await Deno.remove(`${folder}/short`);
    const evaluated = await fewbit([...short, "--resume"]);
    assert.match(evaluated.out, /short: held out \d\.\d{4} nats a token/);
    assert.deepEqual(await Deno.readFile(`${folder}/short`), await last("short"));
    await fails(
      [...args("early"), "--resume", "--rate", "0.5", "--clip", "2"],
      /early: it is another program's, with rate 0\.004 \(now 0\.5\), clipNorm 1 \(now 2\)$/m,
    );
  }));

Deno.test("cli: the help of train says what suits a text", async () => {
  const { out } = await fewbit(["train", "--help"]);
  const text = out.replace(/\s+/g, " ");
  assert.match(text, /a language model on a text/);
  assert.match(text, /of a text 4 windows \(default: 32\)/);
  assert.match(text, /adamw for vit and texts, else sgd/);
  assert.match(text, /of a text 0\.1 with adamw and lion, else 0 \(default: 0\.0005\)/);
  assert.match(text, /norm of all gradients may be \(default: 1 for a text\)/);
});

Deno.test("cli: a language model without a text, or with sizes that do not fit, is refused", () =>
  withText(async (folder, given) => {
    await fails(["train", "--model", "hgrn-bit"], /learns a text: give it by --data/);
    const latin = `${folder}/latin.txt`;
    await Deno.writeFile(latin, Uint8Array.from("café\n".repeat(99), (c) => c.charCodeAt(0)));
    await fails(
      ["train", "--model", "hgrn-bit", "--data", latin, "-o", `${folder}/x`],
      /Cannot read .*latin\.txt: it is not UTF-8/,
    );
    const common = ["train", ...given.slice(0, 2), "-o", `${folder}/x`];
    const odd = ["--width", "40", "--model", "transformer"];
    await fails([...common, ...odd], /a Transformer of 40 channels/);
    const long = ["--window", "4096", "--model", "hgrn-bit"];
    await fails([...common, ...long], /windows have 4096/);
    const missing = ["--tokenizer", `${folder}/none.json`, "--model", "hgrn-bit"];
    await fails([...common, ...missing], /there is no .*none\.json/);
  }));

Deno.test("cli: what is typed and is for something else is refused", () =>
  withText(async (folder, given) => {
    const unfit = [
      [["--model", "hgrn-bit", "--augment"], /--augment does not go with --model hgrn-bit/],
      [
        ["--model", "transformer", "--replay", "4"],
        /--replay does not go with --model transformer/,
      ],
      [["--width", "32"], /--width does not go with --model ds-cnn/],
      [["--experiences", "5,5"], /--experiences does not go with --model ds-cnn/],
      [["--replay", "4", "--resume"], /--resume does not go with --replay/],
      [["--replay", "4", "--dtype", "bf16"], /--dtype does not go with --replay/],
    ] as const;
    for (const [args, message] of unfit) {
      await fails(["train", ...given.slice(0, 2), ...args, "-o", `${folder}/x`], message);
    }
  }));

Deno.test("cli: a language model learns in 16 bits, with another optimiser, and fast", () =>
  withText(async (folder, given) => {
    const common = ["train", "--model", "hgrn-bit", ...given, "--epochs", "2", "--json"];
    const output = `${folder}/x`;
    const learned = async (...args: string[]): Promise<[number, Uint8Array]> => {
      const { code, out, err } = await fewbit([...common, ...args, "-o", output]);
      assert.equal(code, 0, err);
      return [JSON.parse(out.trim().split("\n").at(-1)!).validation, await Deno.readFile(output)];
    };
    const [plain, bytes] = await learned();
    for (const args of [["--dtype", "bf16"], ["--optimizer", "adam"], ["--fast"]]) {
      const [loss, others] = await learned(...args);
      assert.ok(Math.abs(loss - plain) < 0.5, `${args.join(" ")}: ${loss} beside ${plain}`);
      assert.notDeepEqual(others, bytes);
    }
  }));

Deno.test("cli: train --replay learns classes one after the other, and classify reads what it wrote", () =>
  withPictures(async (folder, given) => {
    const output = `${folder}/out.safetensors`;
    const args = [
      "train",
      ...given,
      "--replay",
      "40",
      "--epochs",
      "6",
      "--batch",
      "12",
      "-o",
      output,
    ];
    const { code, out, err } = await fewbit(args);
    assert.equal(code, 0, err);
    // What memory is for comes before the first experience.
    assert.match(out, /^ds-cnn: \d+ pictures in 3 experiences of 2,1,1 classes, /);
    assert.match(out, /\n +[\d.]+ kB {2}gradients of parameters\n[^]*experience 1 of 3/);
    assert.match(
      out,
      /\nexperience 1 of 3, 0, 1: \d+ pictures, [\d.]+ % of all classes; 40 remembered/,
    );
    assert.match(out, /\nexperience 3 of 3, 3: /);
    const [, percent] = /\.safetensors: ([\d.]+) % of 20, /.exec(out) ?? [];
    assert.ok(Number(percent) >= 60, out);
    const exported = await fewbit(["export", output, "-o", `${folder}/weights`]);
    assert.equal(exported.code, 0, exported.err);
    const remembered = async (latents: string): Promise<number> => {
      const { out } = await fewbit([...args, "--latents", latents, "--json"]);
      return JSON.parse(out.slice(0, out.indexOf("\n"))).memory_bytes;
    };
    assert.equal(await remembered("f16"), 2 * await remembered("u8"));
    await fails([...args, "--latents", "f32"], /--latents/);
    await fails(
      ["train", ...given, "--latents", "f16"],
      /--latents does not go with --model ds-cnn/,
    );
    assert.equal(CLASSES, 4);
    await fails(
      [...args, "--experiences", "2,1"],
      /expected numbers of classes that are 4 together/,
    );
    await fails([...args, "--model", "vit"], /goes with --model ds-cnn/);
  }));
