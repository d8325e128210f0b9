/** What a checkpoint was trained with, so that a run that cannot go on from it says what is not alike. */
import { FewbitError } from "../errors.ts";
import { metadataOf } from "../training/checkpoint.ts";
import type { Trainer } from "../training/trainer.ts";

/** Key in the metadata of checkpoints. */
const KEY = "fewbit.training";
/** What a trainer says of checkpoints that are not its own. */
const OTHER = "another program's";
/** What changes no bit, so that others may go on. */
const FREE: readonly string[] = ["memoryLimitBytes", "releaseGradients"];

/** Settings as the metadata of a checkpoint. */
export function encodeTrainingFacts(settings: object): Record<string, string> {
  return { [KEY]: JSON.stringify(Object.fromEntries(flat(settings))) };
}

/**
 * Goes on from a checkpoint.
 *
 * @param path Its file.
 * @param settings Those of the trainer.
 * @throws {FewbitError} As {@linkcode Trainer.restore}, with what of the settings is not as it was.
 */
export function restoreTrainer(
  trainer: Pick<Trainer, "restore">,
  bytes: Uint8Array,
  { path, settings }: { readonly path: string; readonly settings: object },
): void {
  try {
    trainer.restore(bytes);
  } catch (cause) {
    if (!(cause instanceof FewbitError)) throw cause;
    const others = cause.message.includes(OTHER) ? differences(bytes, settings) : [];
    const why = others.length === 0 ? cause.message : `it is ${OTHER}, with ${others.join(", ")}`;
    throw new FewbitError(cause.code, `${path}: ${why}`, { cause });
  }
}

/** What is not alike, as `rate 0.2 (now 0.1)`. */
function differences(bytes: Uint8Array, settings: object): string[] {
  const now = new Map(flat(settings));
  const before = new Map(Object.entries(factsOf(bytes)));
  if (before.size === 0) return [];
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== now.get(name))
    .map((name) => `${name} ${before.get(name) ?? "not set"} (now ${now.get(name) ?? "not set"})`);
}

function factsOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(metadataOf(bytes)[KEY] ?? "{}") ?? {};
  } catch {
    // Those of another maker say nothing.
    return {};
  }
}

/** Numbers, strings and truths by their names, those of objects within behind a point. */
function flat(settings: object, before = ""): (readonly [string, unknown])[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    if (FREE.includes(name) || value === undefined || typeof value === "function") return [];
    if (typeof value !== "object" || value === null) return [[before + name, value] as const];
    return Array.isArray(value)
      ? [[before + name, value.join(" × ")] as const]
      : flat(value, `${before}${name}.`);
  });
}
