/** Local files by URL. */
import { FewbitError } from "../errors.ts";
import { isWindows } from "./host.ts";

/**
 * The path of a URL with the scheme `file:`.
 *
 * @throws {FewbitError} `invalid_argument` where it is not well formed.
 */
export function filePath(url: URL): string {
  try {
    const path = decodeURIComponent(url.pathname);
    // Of `file:///C:/models` the first slash is no part of the path.
    return isWindows() ? path.replace(/^\/(?=[a-z]:)/i, "") : path;
  } catch (cause) {
    throw new FewbitError("invalid_argument", `Cannot read ${url.href}: it is no valid URL`, {
      cause,
    });
  }
}
