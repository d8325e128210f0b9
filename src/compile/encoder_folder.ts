/** From the folder of a float sentence encoder to one file that an embedder needs. */
import { FewbitError } from "../errors.ts";
import { inTurns } from "../event_loop.ts";
import { bertConfig } from "../models/bert_config.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { EncoderQuantization } from "../quantize/bert.ts";
import type { EncoderScales } from "../quantize/encoder_scales.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { knownEncoder, shippedScales } from "./_known_encoders.ts";
import { calibrateEncoder, encoderSteps } from "./encoder.ts";
import type { EncoderFolder } from "../checkpoints/encoder_folder.ts";
import { encoderMetadata, folderTokenizer } from "./encoder_metadata.ts";

/** Options of {@linkcode quantizeEncoder}. */
export interface QuantizeEncoderOptions extends EncoderQuantization {
  /** Told what had to be changed to fit integers. */
  readonly onWarning?: (message: string) => void;
  /** Name of the model, unless its weights are known. Default `encoder`. */
  readonly name?: string;
  /** Texts to calibrate on. Default: the scales that ship for these weights. */
  readonly texts?: readonly string[];
  /** Stops with its reason. */
  readonly signal?: AbortSignal;
  /** Called with the texts done, of as many as there are. */
  readonly onProgress?: (texts: number) => void;
}

/**
 * Quantises a sentence encoder, with its tokenizer in its metadata.
 *
 * Scales ship for all-MiniLM-L6-v2. It is known by a SHA-256 over its tensors, so that every file with
 * these weights compiles to the same bytes.
 *
 * @param folder What `readEncoderFolder` returned.
 * @throws {FewbitError} `unsupported` without texts where no scales ship for these weights, for other
 * families than BERT, and for what `tokenizer.json` and `modules.json` should not say.
 */
export async function quantizeEncoder(
  folder: EncoderFolder,
  options: QuantizeEncoderOptions = {},
): Promise<CompiledProgram> {
  const { texts, signal, onWarning } = options;
  const quantization = quantizationOf(options);
  bertConfig(folder);
  const known = await knownEncoder(folder.weights);
  signal?.throwIfAborted();
  const name = known?.name ?? options.name ?? "encoder";
  const metadata = encoderMetadata(folder, name);
  let scales: EncoderScales;
  if (texts !== undefined) {
    const tokenizer = Tokenizer.fromJson(folderTokenizer(folder, name));
    scales = await calibrate(folder, tokenizer, texts, options);
  } else if (known !== undefined && options.geluBits !== 8) scales = await shippedScales(known);
  else {
    throw new FewbitError(
      "unsupported",
      `Cannot quantise ${name}: no scales ship for its weights in these bits; calibrate it: ` +
        `"fewbit quantize FOLDER --calibration FILE", a file with a text in each line`,
    );
  }
  const steps = encoderSteps(folder, scales, {
    ...quantization,
    metadata,
    ...onWarning && { onWarning },
  });
  return await inTurns(steps, signal);
}

async function calibrate(
  folder: EncoderFolder,
  tokenizer: Tokenizer,
  texts: readonly string[],
  { signal, onProgress, ...options }: QuantizeEncoderOptions,
): Promise<EncoderScales> {
  const { maxTokens } = bertConfig(folder);
  const ids = texts.map((text) => [...tokenizer.encode(text, { maxTokens }).ids]);
  return await calibrateEncoder(folder, ids, {
    ...quantizationOf(options),
    ...signal && { signal },
    ...onProgress && { onProgress },
  });
}

/** Only how many bits there are. */
function quantizationOf(options: EncoderQuantization): EncoderQuantization {
  const { weightBits, geluBits, tableBits } = options;
  return {
    ...weightBits && { weightBits },
    ...geluBits && { geluBits },
    ...tableBits && { tableBits },
  };
}
