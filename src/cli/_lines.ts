/** Lines of a file or of standard input. */
import { FewbitError } from "../errors.ts";

/** Longest line, in UTF-16 code units. */
const LONGEST = 2 ** 24;

/**
 * Lines of a UTF-8 text file, or of standard input for `-`, without their ends (LF or CRLF). A text
 * that ends with a line end has no empty line behind it.
 *
 * @throws {FewbitError} `not_found` without a file, `invalid_file` for what is not UTF-8 and for lines
 * of more than 2^24 code units.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  const stream = path === "-" ? Deno.stdin.readable : (await open(path)).readable;
  const fail = (what: string, cause?: unknown): never => {
    throw new FewbitError("invalid_file", `Cannot read ${path}: ${what}`, { cause });
  };
  let rest = "";
  try {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      if (rest.length > LONGEST) fail("it has a line of more than 2^24 characters");
      for (const line of lines) yield withoutReturn(line);
    }
  } catch (error) {
    if (error instanceof TypeError) fail("it is not UTF-8", error);
    throw error;
  }
  if (rest !== "") yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    const info = await Deno.stat(path);
    if (!info.isDirectory) return await Deno.open(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new FewbitError("not_found", `Cannot open ${path}: no such file`, { cause: error });
  }
  throw new FewbitError("invalid_argument", `Cannot read ${path}: it is a folder`);
}
