/** Networks that were trained from folders of pictures, and files that are no trained network. */
import assert from "node:assert/strict";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { encodeCheckpoint } from "../../src/training/checkpoint.ts";
import { encodePictureFacts, PICTURE_FACTS } from "../../src/training/picture_facts.ts";
import { fails, fewbit } from "./_fewbit.ts";

const EXAMPLES = new URL("../../examples/fashion/", import.meta.url).pathname;
const [BOOT, BAG] = ["000-ankle-boot", "018-bag"].map((name) => `${EXAMPLES}${name}.png`);

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A folder with two classes, a dozen times the same two pictures. */
async function photos(folder: string): Promise<string> {
  for (const [name, path] of [["boot", BOOT], ["bag", BAG]]) {
    await Deno.mkdir(`${folder}/photos/${name}`, { recursive: true });
    for (let i = 0; i < 12; i++) await Deno.copyFile(path, `${folder}/photos/${name}/${i}.png`);
  }
  return `${folder}/photos`;
}

const RATES: Readonly<Record<string, string>> = { vit: "0.005" };
/** Norms over few places need more steps until their statistics are those of evaluation. */
const EPOCHS: Readonly<Record<string, string>> = { "mobilenet-v1": "14" };

for (
  const [network, side] of [
    ["ds-cnn", "20"],
    ["resnet8", "16"],
    ["mobilenet-v1", "32"],
    ["vit", "16"],
  ]
) {
  Deno.test(`cli: train a ${network} on a folder of pictures, and classify with it`, () =>
    withFolder(async (folder) => {
      const data = await photos(folder);
      const output = `${folder}/photos.safetensors`;
      const given = [
        "--model",
        network,
        "--side",
        side,
        "--batch",
        "4",
        "--rate",
        RATES[network] ?? "0.05",
      ];
      const trained = await fewbit(
        ["train", "--data", data, ...given, "--epochs", EPOCHS[network] ?? "6", "-o", output],
      );
      assert.equal(trained.code, 0, trained.err);
      assert.match(trained.out, /22 pictures, 2 held out/);
      const { code, out, err } = await fewbit(
        ["classify", BOOT, BAG, "--model", output, "--json"],
      );
      assert.equal(code, 0, err);
      const best = out.trim().split("\n").map((line) => JSON.parse(line).top[0]);
      assert.deepEqual(best.map(({ label }) => label), ["boot", "bag"]);
      // The reference engine has the convolutions, too, and the same bits.
      const reference = await fewbit(
        ["classify", BOOT, BAG, "--model", output, "--json", "--engine", "reference"],
      );
      const hashes = (text: string) =>
        text.trim().split("\n").map((line) => JSON.parse(line).logits_f32_sha256);
      assert.deepEqual(hashes(reference.out), hashes(out));
    }));
}

Deno.test("cli: train refuses sizes that a network does not take, by its name", () =>
  withFolder(async (folder) => {
    const data = await photos(folder);
    const out = ["-o", `${folder}/out.safetensors`];
    const trained = (
      model: string,
      side: string,
    ) => ["train", "--data", data, "--model", model, "--side", side, ...out];
    await fails(trained("resnet8", "30"), /a ResNet8 halves pictures twice, got 30×30/);
    await fails(trained("vit", "30"), /a ViT takes whole patches of 4 pixels, got 30×30/);
    await fails(trained("vit", "100"), /whole patches of 16 pixels, got 100×100/);
    await fails(trained("vit", "0"), /--side is "0"/);
  }));

Deno.test("cli: train refuses folders that are no classes", () =>
  withFolder(async (folder) => {
    const data = await photos(folder);
    const out = ["-o", `${folder}/out.safetensors`];
    await fails(["train", "--data", `${data}/bag`, ...out], /lies in no class's folder/);
    await fails(["train", "--data", data, "--labels", BAG, ...out], /are the classes/);
    await Deno.copyFile(BAG, `${data}/astray.png`);
    await fails(["train", "--data", data, ...out], /astray\.png lies in no class's folder/);
  }));

const FACTS = {
  network: "ds-cnn",
  labels: ["a", "b"],
  preprocessing: {
    inputSize: [1, 28, 28],
    mean: [0],
    std: [1],
    interpolation: "bilinear",
    resize: { mode: "none" },
    centerCrop: false,
  },
} as const;

Deno.test("cli: classify and export refuse files that are no trained network, in one line", () =>
  withFolder(async (folder) => {
    const path = `${folder}/file.safetensors`;
    const tensors = new Map([
      ["w", { dtype: "f32", shape: [1], data: Float32Array.of(1) } as const],
    ]);
    const place = { program: "x", cursor: { epoch: 0, batch: 0 } };
    const saved = (metadata: Record<string, string>): Uint8Array<ArrayBuffer> =>
      encodeCheckpoint({ tensors, ...place, metadata });
    const weight = { dtype: "f32", shape: [64, 4, 10, 1], data: new Float32Array(2560) } as const;
    const turned = new Map([["conv0.weight", weight]]);
    const told = (facts: object): Uint8Array<ArrayBuffer> =>
      saved({ [PICTURE_FACTS]: JSON.stringify({ ...FACTS, ...facts }) });
    const damaged = saved(encodePictureFacts(FACTS));
    damaged[damaged.length - 1] ^= 1;
    const { preprocessing } = FACTS;
    const cases: readonly (readonly [Uint8Array<ArrayBuffer>, RegExp])[] = [
      [writeSafetensors(tensors), /no checkpoint of training/],
      [damaged, /checksum is wrong/],
      [saved({}), /does not say how pictures are read/],
      [saved({ [PICTURE_FACTS]: "{" }), /facts of pictures/],
      [told({ network: "vgg" }), /its network is "vgg"/],
      [told({ labels: [] }), /no list of names/],
      [told({ labels: [1] }), /no list of names/],
      [told({ preprocessing: { ...preprocessing, mean: [NaN] } }), /mean/],
      [told({ preprocessing: { ...preprocessing, inputSize: [1, 9999, 9999] } }), /9999/],
      [told({ preprocessing: { ...preprocessing, inputSize: [3, 28, 28] } }), /std|mean/],
      [
        encodeCheckpoint({ tensors: turned, ...place, metadata: encodePictureFacts(FACTS) }),
        /conv0\.weight is f32 \[64,4,10,1\], expected f32 \[64,10,4,1\]/,
      ],
      [told({}), /conv0\.weight is missing, expected f32 \[64,10,4,1\]/],
    ];
    for (const [bytes, message] of cases) {
      await Deno.writeFile(path, bytes);
      await fails(["classify", BOOT, "--model", path], message);
    }
    await fails(["export", path, "-o", `${folder}/out`], /conv0\.weight is missing/);
    await fails(["export", BOOT, "-o", `${folder}/out`], /000-ankle-boot\.png/);
    await fails(["export", path, "-o", path], /which is read/);
  }));
