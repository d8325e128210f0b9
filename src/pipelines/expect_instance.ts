import type { Instance } from "../engines/engine.ts";
import { FewbitError } from "../errors.ts";

/** Throws `invalid_argument` unless a pipeline is given what `load` returned. */
export function expectInstance(instance: Instance, action: string): void {
  if (typeof instance === "object" && typeof instance?.program === "object") return;
  throw new FewbitError("invalid_argument", `${action}: expected a loaded instance`);
}
