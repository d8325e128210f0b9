/** Texts from files or from standard input. */
import { FewbitError } from "../errors.ts";
import { openFile } from "../files/read_file.ts";
import { fileError } from "../files/file_error.ts";
import { isWindows } from "../files/host.ts";
import { note } from "./_print.ts";
import { isTerminal, standardInput, STDIN } from "./_standard_streams.ts";

/** Longest line, in UTF-16 code units. */
const LONGEST = 2 ** 24;

/** Names of standard input. */
const STANDARD_INPUT: readonly string[] = ["-", "/dev/stdin", "/dev/fd/0"];

/**
 * Lines of a UTF-8 text file, or of standard input for `-`, without their ends (LF or CRLF). A text
 * that ends with a line end has no empty line behind it.
 *
 * @throws {FewbitError} `not_found` without a file, `invalid_file` for what is not UTF-8 and for lines
 * of more than 2^24 code units.
 */
export function readLines(path: string): AsyncGenerator<string> {
  return linesOf(path, readChunks(path, "texts, one in each line"));
}

/** Lines of standard input as they come, without a word about it. */
export function inputLines(): AsyncGenerator<string> {
  return linesOf("-", decoded("-", standardInput()));
}

async function* linesOf(path: string, chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    if (rest.length > LONGEST) throw unreadable(path, "it has a line of more than 2^24 characters");
    for (const line of lines) yield withoutReturn(line);
  }
  if (rest !== "") yield withoutReturn(rest);
}

/**
 * A whole UTF-8 text.
 *
 * @throws {FewbitError} What {@linkcode readLines} throws, `limit_exceeded` for more than `maxBytes`.
 */
export async function readAll(path: string, maxBytes: number): Promise<string> {
  const chunks: string[] = [];
  let total = 0;
  for await (const chunk of readChunks(path, "a text")) {
    total += chunk.length;
    if (total > maxBytes) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot read ${shown(path)}: it has more than ${maxBytes} characters`,
      );
    }
    chunks.push(chunk);
  }
  return chunks.join("");
}

/** @param what What is expected; a user at a terminal is told. */
async function* readChunks(path: string, what: string): AsyncGenerator<string> {
  const stream = STANDARD_INPUT.includes(path)
    ? announcedInput(what)
    : (await openFile(path)).file.readable();
  yield* decoded(path, stream);
}

async function* decoded(
  path: string,
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  try {
    yield* stream.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(path, "it is not UTF-8", error);
    throw fileError(`Cannot read ${shown(path)}`, error);
  }
}

function announcedInput(what: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (isTerminal(STDIN)) note(announcement(what));
  return standardInput();
}

/** What a user at a terminal is told before standard input is read. */
function announcement(what: string): string {
  const end = isWindows() ? "Ctrl-Z and Enter" : "Ctrl-D";
  return `Reading ${what}, from standard input; ${end} ends it`;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function shown(path: string): string {
  return STANDARD_INPUT.includes(path) ? "standard input" : path;
}

function unreadable(path: string, why: string, cause?: unknown): FewbitError {
  return new FewbitError("invalid_file", `Cannot read ${shown(path)}: ${why}`, { cause });
}
