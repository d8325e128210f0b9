import { isWindows } from "./host.ts";

/** The folder and the last name of a path; the name is empty where the path ends as a folder does. */
export function splitPath(path: string): [folder: string, name: string] {
  const at = Math.max(
    path.lastIndexOf("/"),
    isWindows() ? path.lastIndexOf("\\") : -1,
  );
  const name = path.slice(at + 1);
  const folder = at < 0 ? "." : path.slice(0, at) || "/";
  return name === "." || name === ".." ? [path, ""] : [folder, name];
}
