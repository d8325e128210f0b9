import { FewbitError } from "../errors.ts";

/** The error of a JPEG that is truncated or damaged. */
export function invalidJpeg(detail: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot decode JPEG: ${detail}`);
}

/** The error of a kind of JPEG that is not decoded. */
export function unsupportedJpeg(detail: string): FewbitError {
  return new FewbitError("unsupported", `Cannot decode JPEG: ${detail}`);
}
