/** Files of parameters of language models, compressed with gzip where their names end in `.gz`. */
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { checkTextParameters } from "../compile/integer_text.ts";
import { FewbitError } from "../errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { named } from "../files/named.ts";
import { readFile } from "../files/read_file.ts";
import { inflate } from "../formats/inflate.ts";
import { parseJson } from "../json.ts";
import { splitPath } from "../files/split_path.ts";
import { readDecoderParams, readWindows, writeDecoderParams } from "../quantize/decoder_params.ts";
import type { DecoderParams, ReadParams } from "../quantize/decoder_params.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { readAll } from "./_lines.ts";
import { writeWhole } from "./_run.ts";
import { MAX_TEXT_BYTES } from "./_text_windows.ts";

const isCompressed = (path: string): boolean => /\.gz$/i.test(path);

/**
 * Parameters that were written, with the windows of the file beside them.
 *
 * @throws {FewbitError} `invalid_file` for what is none, `limit_exceeded` for what grows too large.
 */
export async function readParamsFile(path: string): Promise<ReadParams> {
  const text = isCompressed(path) ? await inflated(path) : await readAll(path, MAX_TEXT_BYTES);
  const params = readDecoderParams(text);
  if (params.windowsFile === undefined) return params;
  const file = beside(path, params.windowsFile);
  const windows = await readAll(file, MAX_TEXT_BYTES);
  return { ...params, windows: readWindows(parseJson(`Cannot read ${file}`, windows)) };
}

/**
 * Parameters that are those of a model; its integers are written elsewhere than they are.
 *
 * @throws {FewbitError} `invalid_argument` without a file, or for one of another model or of other bits.
 */
export async function readParamsOf(
  checkpoint: TextCheckpoint,
  { params: path, output, bits }: {
    readonly params: string | undefined;
    readonly output: string;
    readonly bits: LanguageBits;
  },
): Promise<DecoderParams> {
  if (path === undefined) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot quantise a language model: give a text with --calibration, or --params",
    );
  }
  return await named(path, async () => {
    const params = await readParamsFile(path);
    checkTextParameters(checkpoint, params);
    if (params.ranges !== undefined && bits === "w8a8") {
      throw new FewbitError(
        "invalid_argument",
        "Cannot quantise to w8a8: the range factors are of weights of 4 bits; give their --bits",
      );
    }
    const { rowFactors, gains } = params.grids;
    if (params.ranges === undefined && (rowFactors ?? gains) !== undefined && bits !== "w8a8") {
      throw new FewbitError(
        "invalid_argument",
        `Cannot quantise to ${bits}: what was learned is of weights of 8 bits; give --bits w8a8`,
      );
    }
    const { windowsFile } = params;
    if (windowsFile !== undefined) await checkOutput(output, [beside(path, windowsFile)]);
    return params;
  });
}

/** Writes them. */
export async function writeParamsFile(
  path: string,
  params: DecoderParams,
  signal?: AbortSignal,
): Promise<void> {
  const text = new TextEncoder().encode(writeDecoderParams(params));
  if (!isCompressed(path)) return await writeWhole(path, text, signal);
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  await writeWhole(path, new Uint8Array(await new Response(packed).arrayBuffer()), signal);
}

const beside = (path: string, name: string): string => `${splitPath(path)[0]}/${name}`;

async function inflated(path: string): Promise<string> {
  const bytes = await inflate(path, await readFile(path), "gzip", MAX_TEXT_BYTES);
  return new TextDecoder().decode(bytes);
}
