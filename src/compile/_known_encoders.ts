/** Encoders whose scales ship with the package. */
import { sha256 } from "../files/sha256.ts";
import { bertNames } from "../models/bert_names.ts";
import { readEncoderScales } from "../quantize/encoder_scales.ts";
import type { EncoderScales } from "../quantize/encoder_scales.ts";
import type { Tensor } from "../tensor.ts";
import { shippedFile } from "../checkpoints/shipped_files.ts";
import type { ShippedFile } from "../checkpoints/shipped_files.ts";
import { readBytes } from "../checkpoints/sources.ts";

/** An encoder by the digest of its weights. */
export interface KnownEncoder {
  /** Its name. */
  readonly name: string;
  /** Its scales, a file that ships. */
  readonly scales: ShippedFile;
}

const KNOWN: Readonly<Record<string, KnownEncoder>> = {
  "ceffa3a709294b2cc67cc09d313714e8bb0db16027779982a183ff8c93a5880d": {
    name: "all-MiniLM-L6-v2",
    scales: "all-MiniLM-L6-v2.scales.json",
  },
};

/** The encoder with these weights, if its scales ship. */
export async function knownEncoder(
  weights: ReadonlyMap<string, Tensor>,
): Promise<KnownEncoder | undefined> {
  return KNOWN[await weightsDigest(weights)];
}

/** Its scales. */
export async function shippedScales({ scales }: KnownEncoder): Promise<EncoderScales> {
  return readEncoderScales(new TextDecoder().decode(await readBytes(shippedFile(scales))));
}

/**
 * SHA-256 over name, type, shape and SHA-256 of each tensor that an encoder uses, by name: the same for
 * every file that holds these weights, sharded or not, with or without a pooler.
 */
async function weightsDigest(weights: ReadonlyMap<string, Tensor>): Promise<string> {
  const used = [...bertNames(weights)]
    .filter(([name]) => /^(embeddings|encoder)\..*\.(weight|bias)$/.test(name))
    .sort(([a], [b]) => a < b ? -1 : 1);
  const lines: string[] = [];
  for (const [name, { dtype, shape, data }] of used) {
    lines.push(`${name} ${dtype} ${shape.join("x")} ${await sha256(data)}\n`);
  }
  return await sha256(new TextEncoder().encode(lines.join("")));
}
