/** The tokenizer files of a model folder. */
import { parseJson } from "../json.ts";
import { isObject } from "../text/tokenizer_json/json.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { readBytes, readOptionalBytes, urlOf } from "./sources.ts";

/**
 * Reads `tokenizer.json` of a folder, given by its path or URL, and where they exist
 * `tokenizer_config.json` and `chat_template.jinja`, whose text becomes the config's `chat_template`.
 * Throws `not_found` without a `tokenizer.json` and `invalid_file` for what is no tokenizer.
 *
 * @example
 * ```ts
 * import { readTokenizer } from "@fewbit/fewbit";
 *
 * const tokenizer = await readTokenizer("models/my-model");
 * console.log(tokenizer.encode("Hello").ids);
 * ```
 */
export async function readTokenizer(
  folder: string | URL,
  signal?: AbortSignal,
): Promise<Tokenizer> {
  const path = inside(folder, "tokenizer.json");
  const tokenizer = parseJson(`Cannot read ${path}`, await readBytes(path, signal));
  const configPath = inside(folder, "tokenizer_config.json");
  const configBytes = await readOptionalBytes(configPath, signal);
  const config = configBytes === undefined
    ? {}
    : parseJson(`Cannot read ${configPath}`, configBytes);
  const template = await readOptionalBytes(inside(folder, "chat_template.jinja"), signal);
  if (template === undefined || !isObject(config)) return Tokenizer.fromJson(tokenizer, config);
  const chat_template = new TextDecoder().decode(template);
  return Tokenizer.fromJson(tokenizer, { ...config, chat_template });
}

function inside(folder: string | URL, name: string): string | URL {
  const url = urlOf(folder);
  if (url === undefined) return `${folder}/${name}`;
  const base = new URL(url);
  base.pathname = `${base.pathname.replace(/\/+$/, "")}/${name}`;
  return base;
}
