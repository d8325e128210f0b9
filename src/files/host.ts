/** What the host is, where files differ. */

/** What is used of Node's `process`, which Deno and Bun have, too. */
interface Process {
  readonly platform?: string;
  getBuiltinModule?(name: string): unknown;
}

const processOf = (): Process | undefined => (globalThis as { readonly process?: Process }).process;

/** Whether paths and permissions are those of Windows. */
export function isWindows(): boolean {
  return processOf()?.platform === "win32";
}

/**
 * A module of Node; `undefined` where the host has none. It is asked for by name, so that bundlers for
 * browsers do not look for it.
 */
export function builtinModule(name: string): unknown {
  return processOf()?.getBuiltinModule?.(name);
}
