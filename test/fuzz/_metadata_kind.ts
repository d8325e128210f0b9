/** Classifiers with damaged metadata, or with a damaged program and good metadata. */
import assert from "node:assert/strict";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import type { Classification } from "../../src/pipelines/image/image_classifier.ts";
import { TAGS } from "../../src/program/format.ts";
import type { Image } from "../../src/vision/image.ts";
import { joinFile } from "./_file_parts.ts";
import type { Kind } from "./_kind.ts";
import { mutateBytes } from "./_mutate_bytes.ts";
import { mutateJson } from "./_mutate_json.ts";
import { mutateProgram } from "./_mutate_program.ts";
import type { ProgramSeed } from "./_mutate_program.ts";
import type { ProgramSeeds } from "./_program_seeds.ts";
import type { Random } from "./_random.ts";
import { resultOrCode } from "./_typed.ts";

/** Mutants through the pipeline. */
export function metadataKind({ tiny, small }: ProgramSeeds): Kind {
  return {
    name: "metadata",
    share: 0.1,
    async check(random) {
      const file = random.chance(0.25)
        ? mutateProgram(tiny, random.pick(small), random)
        : withMetadata(tiny, random);
      const loaded = await resultOrCode(() =>
        ImageClassifier.fromPretrained(file, {
          engine: "wasm-simd",
          workLimit: 2 ** 26,
          memoryLimitBytes: 2 ** 26,
        })
      );
      if ("code" in loaded) return `load: ${loaded.code}`;
      using model = loaded.result;
      const classified = await resultOrCode(() => model.classify(drawImage(random)));
      if ("code" in classified) return `classify: ${classified.code}`;
      checkClassification(classified.result);
      return "classified";
    },
  };
}

function withMetadata(seed: ProgramSeed, random: Random): Uint8Array<ArrayBuffer> {
  const sections = seed.sections.map((section) => {
    if (section.tag !== TAGS.metadata) return section;
    const text = new TextDecoder().decode(section.bytes);
    const good = { ...JSON.parse(text), labels: ["a", "b", "c"] };
    const bytes = random.chance(0.15)
      ? mutateBytes(section.bytes, section.bytes, random)
      : new TextEncoder().encode(JSON.stringify(mutateJson(good, random)));
    return { ...section, bytes };
  });
  return joinFile({ ...seed, sections });
}

/** A small picture. */
function drawImage(random: Random): Image {
  const [width, height] = [random.integer(1, 40), random.integer(1, 40)];
  const channels = random.pick([1, 3, 4] as const);
  const data = Uint8Array.from({ length: width * height * channels }, () => random.integer(0, 255));
  return { width, height, channels, data };
}

/** Labels, probabilities that add up to 1, logits. */
export function checkClassification({ label, score, top, logits }: Classification): void {
  assert.equal(typeof label, "string");
  assert.ok(logits instanceof Float32Array && logits.length > 0, "logits");
  assert.equal(top.length, Math.min(5, logits.length));
  assert.deepEqual([top[0].label, top[0].score], [label, score]);
  assert.ok(top.every((one) => logits.some(Number.isNaN) || (one.score >= 0 && one.score <= 1)));
}
