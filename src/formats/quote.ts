/** Longest part of a foreign name that goes into a message. */
const QUOTED_LENGTH = 80;

/** Quotes a name that came from a file, shortened and escaped, for an error message. */
export function quote(name: string): string {
  return JSON.stringify(
    name.length > QUOTED_LENGTH ? `${name.slice(0, QUOTED_LENGTH)}...` : name,
  );
}
