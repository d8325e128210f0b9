/** Who has a lock, as the name of a file; and whether they are still there. */
import { builtinModule } from "./host.ts";
import { readLink, readSystemText } from "./file_system.ts";

/** Process, when it began, where its number is valid, and a number of this lock. */
const NAME = /^(\d+)-(\d*)-([^-]*)-([^-]*)-[0-9a-f-]{36}$/;

/** What is used of `node:process`. */
interface NodeProcess {
  readonly pid: number;
  kill(pid: number, signal: 0): unknown;
}

/** A name for a lock of this process, unlike any other. */
export async function newOwner(): Promise<string> {
  const { pid } = nodeProcess();
  const [host, space] = await place();
  return [pid, (await startOf(pid))?.began ?? "", host, space, crypto.randomUUID()].join("-");
}

/**
 * Whether an owner's process has surely ended. Of another machine or container nothing is sure.
 *
 * @returns Nothing for a name that is none of an owner.
 */
export async function isGone(owner: string): Promise<boolean | undefined> {
  const [, pid, began, ...where] = NAME.exec(owner) ?? [];
  if (pid === undefined) return undefined;
  if (where.join("-") !== (await place()).join("-")) return false;
  try {
    nodeProcess().kill(Number(pid), 0);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ESRCH") return true;
    // Another user's; or this one may not ask.
  }
  const now = await startOf(Number(pid));
  if (now === undefined) return false;
  // A process that has ended keeps its number until its parent asks; later the number is another's.
  return /[ZX]/.test(now.state) || began !== "" && began !== now.began;
}

/** An owner in words. */
export function describeOwner(owner: string): string {
  const [, pid, , host] = NAME.exec(owner) ?? [];
  return `process ${pid} of ${decodeURIComponent(host) || "this machine"}`;
}

/** The machine, and of Linux the space of process numbers, as containers have their own. */
async function place(): Promise<readonly [host: string, space: string]> {
  const space = await readLink("/proc/self/ns/pid").catch(() => "");
  return [escaped(hostName()), /\d+/.exec(space)?.[0] ?? ""];
}

function hostName(): string {
  try {
    return (builtinModule("node:os") as { hostname(): string }).hostname();
  } catch {
    // Not permitted.
    return "";
  }
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll("-", "%2D");
}

/** State of a process, and when it began in clock ticks since the machine did: proc(5), `stat`. */
async function startOf(
  pid: number,
): Promise<{ readonly state: string; readonly began: string } | undefined> {
  const text = await readSystemText(`/proc/${pid}/stat`).catch(() => "");
  // The second field is the program's name in brackets, in which anything may stand.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.length < 20 ? undefined : { state: fields[0], began: fields[19] };
}

function nodeProcess(): NodeProcess {
  return builtinModule("node:process") as NodeProcess;
}
