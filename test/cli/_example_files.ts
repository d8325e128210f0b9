/** The files that the examples of the help texts name. */
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { encodePictureFacts } from "../../src/training/picture_facts.ts";
import { tinyClassifier } from "../../src/training/tiny_classifier.ts";
import { writeFixtures } from "../examples/_fixtures.ts";
import { join } from "../formats/_join.ts";
import { buildSeeded } from "../golden/seeded.ts";
import { configOf, layoutHgrn } from "../models/_hgrn.ts";
import { readCases, writeFiles } from "../pipelines/_checkpoint_cases.ts";
import type { CheckpointCase } from "../pipelines/_checkpoint_cases.ts";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { writeTinyLlama } from "./_tiny_llama.ts";

const ROOT = new URL("../../", import.meta.url);

/** Writes them into an empty folder: those of the documentation, and others. */
export async function writeExampleFiles(folder: string): Promise<void> {
  const at = (name: string): string => `${folder}/${name}`;
  const copy = (path: string, name: string): Promise<void> =>
    Deno.copyFile(new URL(path, ROOT), at(name));
  await writeFixtures(folder);
  for (const name of ["notes", "mmfree-370m", "photos/boot", "photos/dress"]) {
    await Deno.mkdir(at(name), { recursive: true });
  }
  await copy("examples/fashion/000-ankle-boot.png", "boot.png");
  await copy("examples/fashion/013-dress.png", "dress.png");
  await copy("examples/fashion/000-ankle-boot.png", "photos/boot/0.png");
  await copy("examples/fashion/013-dress.png", "photos/dress/0.png");
  await copy("models/stories260k.fewbit", "stories260k.fewbit");
  // Two labels, as MNIST's files have them.
  await Deno.writeFile(at("labels.idx"), join([0, 0, 8, 1], [0, 0, 0, 2], [0, 1]));
  await gzip(at("labels.idx"), at("t10k-labels-idx1-ubyte.gz"));
  const size = [0, 0, 0, 28];
  const pixels = new Uint8Array(2 * 28 * 28);
  await Deno.writeFile(at("images.idx"), join([0, 0, 8, 3], [0, 0, 0, 2], size, size, pixels));
  await Deno.writeTextFile(at("lines.txt"), CALIBRATION.join("\n"));
  await Deno.writeTextFile(at("play.txt"), "ROMEO:\nMy lord, I will confess it.\n\n".repeat(200));
  await Deno.writeTextFile(at("text.txt"), "aaa a aa\n".repeat(400));
  await Deno.writeTextFile(at("notes/cats.txt"), "the cat sat on the mat.");
  await Deno.writeTextFile(at("system.txt"), "You are a poet.");
  await Deno.writeTextFile(at("questions.txt"), "a\nb\n");
  writeTinyEncoder(at("encoder"));
  await writeTinyLlama(at("llama.bin"), at("tok261.bin"));
  await writeTinyLlama(at("stories260K.bin"), at("tok512.bin"));
  const sizes = { vocabulary: 300, width: 32, depth: 2, hidden: 64 };
  await writeFiles(at("mmfree-370m"), { "config.json": JSON.stringify(configOf(sizes)) });
  await Deno.writeFile(
    at("mmfree-370m/model.safetensors"),
    writeSafetensors(buildSeeded(layoutHgrn(sizes), 5)),
  );
  await Deno.writeFile(at("clothes.safetensors"), await untrained());
  const cases = await readCases<Readonly<Record<string, CheckpointCase>>>(
    new URL("test/vectors/checkpoints/vision.json.gz", ROOT),
  );
  const { files } = Object.values(cases).find(({ expect }) => expect === "logits")!;
  await writeFiles(at("deit-tiny"), files);
}

/** A checkpoint of a network as it is before the first step. */
async function untrained(): Promise<Uint8Array> {
  using trainer = await tinyClassifier({
    network: "ds-cnn",
    picture: [28, 28, 1],
    classes: 2,
    batch: 1,
    rate: 0.1,
    optimizer: { kind: "sgd" },
    schedule: { kind: "constant" },
    decay: 0,
    seed: 1,
  });
  const preprocessing = {
    inputSize: [1, 28, 28],
    mean: [0.3],
    std: [0.4],
    interpolation: "bilinear",
    resize: { mode: "none" },
    centerCrop: false,
  } as const;
  const facts = { network: "ds-cnn", labels: ["boot", "dress"], preprocessing } as const;
  return await trainer.save({ metadata: encodePictureFacts(facts) });
}

async function gzip(from: string, to: string): Promise<void> {
  const { readable } = await Deno.open(from);
  await Deno.writeFile(to, readable.pipeThrough(new CompressionStream("gzip")));
}
