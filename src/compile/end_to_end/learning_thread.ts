/** Other threads that learn from windows: a student in each, the same numbers in all of them. */
import { FewbitError } from "../../errors.ts";
import { answerRequests, AskedThread, BEGIN_MS, wholeBuffer } from "../../quantize/asked_thread.ts";
import type { ThreadMessage } from "../../quantize/asked_thread.ts";
import type { WorkerLike } from "../../quantize/thread_port.ts";
import { StudentConstants } from "./_student_constants.ts";
import type { StudentParts } from "./_student_constants.ts";
import type { TaughtWindow } from "./_teacher.ts";
import { RATES, Trainables } from "./_trainables.ts";
import { Student } from "./student.ts";

/** What a thread is asked. */
type Request =
  | { readonly kind: "begin"; readonly parts: unknown; readonly tokens: number }
  | {
    readonly kind: "learn" | "loss";
    readonly window: unknown;
    readonly values: ArrayBuffer;
  };

/** What it answers to a window; a gradient where it was to learn. */
interface Answer {
  readonly kind: "learned";
  readonly loss: number;
  readonly gradient?: ArrayBuffer;
}

/** How threads are asked: that is for this folder alone. */
const ASKED: WeakMap<LearningThread, AskedThread> = new WeakMap();

/** The divergence of a window, and its gradient. */
export interface WindowLesson {
  readonly loss: number;
  readonly gradient: Float32Array<ArrayBuffer>;
}

/**
 * A thread that learns from windows for this one.
 *
 * @example
 * ```ts
 * import { LearningThread } from "@fewbit/fewbit/train";
 *
 * // worker.ts: serveLearning(self);
 * async function another(): Promise<LearningThread | undefined> {
 *   const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
 *   return await LearningThread.open(worker); // for the `threads` of learnIntegerText
 * }
 * ```
 */
export class LearningThread implements Disposable {
  private constructor(thread: AskedThread) {
    ASKED.set(this, thread);
  }

  /**
   * A worker in which {@linkcode serveLearning} runs; it stays its owner's, who ends it.
   *
   * @param worker A `Worker` of the web or of Node.
   * @param waitMs How long it may take to begin.
   * @returns `undefined` where there is none: it ended, or has not begun after some seconds.
   */
  static async open(
    worker: WorkerLike,
    waitMs: number = BEGIN_MS,
  ): Promise<LearningThread | undefined> {
    const thread = await AskedThread.open(worker, waitMs);
    return thread && new LearningThread(thread);
  }

  /** Hears the thread no more; to end it is its owner's. */
  [Symbol.dispose](): void {
    ASKED.get(this)?.[Symbol.dispose]();
  }
}

/** Gives a thread a copy of the student's constants. */
export async function beginStudent(
  thread: LearningThread,
  parts: StudentParts,
  tokens: number,
): Promise<void> {
  const request = { kind: "begin", parts: packed(parts), tokens } satisfies Request;
  await ASKED.get(thread)!.ask(request, "begun");
}

/** The divergence of a window with what is learned so far, and its gradient. */
export async function learnOn(
  thread: LearningThread,
  window: TaughtWindow,
  values: Float32Array<ArrayBuffer>,
): Promise<WindowLesson> {
  const { loss, gradient } = await askOf(thread, "learn", window, values);
  if (gradient === undefined) throw new FewbitError("internal", "No gradient of a window");
  return { loss, gradient: new Float32Array(gradient) };
}

/** The divergence alone. */
export async function lossOn(
  thread: LearningThread,
  window: TaughtWindow,
  values: Float32Array<ArrayBuffer>,
): Promise<number> {
  return (await askOf(thread, "loss", window, values)).loss;
}

function askOf(
  thread: LearningThread,
  kind: "learn" | "loss",
  window: TaughtWindow,
  values: Float32Array<ArrayBuffer>,
): Promise<Answer> {
  const buffer = values.slice().buffer;
  const request = { kind, window: packed(window), values: buffer } satisfies Request;
  return ASKED.get(thread)!.ask<Answer>(request, "learned", [buffer]);
}

/**
 * Learns from windows for the thread that began this one, for as long as this one lives.
 *
 * @param parent `self` in a worker of the web, `parentPort` in one of Node.
 *
 * @example
 * ```ts
 * import { serveLearning } from "@fewbit/fewbit/train";
 * import { parentPort } from "node:worker_threads";
 *
 * if (parentPort !== null) serveLearning(parentPort);
 * ```
 */
export function serveLearning(parent: WorkerLike): void {
  let own: { readonly student: Student; readonly learned: Trainables } | undefined;
  answerRequests(parent, async (message: ThreadMessage) => {
    const request = message as Request;
    if (request.kind === "begin") {
      own?.student[Symbol.dispose]();
      own = undefined;
      const parts = unpacked(request.parts) as StudentParts;
      own = {
        student: await Student.open(new StudentConstants(parts), request.tokens),
        learned: new Trainables(parts.config, undefined, RATES),
      };
      return { answer: { kind: "begun" } };
    }
    if (own === undefined) throw new FewbitError("internal", "A window came before its student");
    const { student, learned } = own;
    learned.values.set(new Float32Array(request.values));
    const window = unpacked(request.window) as TaughtWindow;
    if (request.kind === "loss") {
      const answer: Answer = { kind: "learned", loss: student.loss(window, learned) };
      return { answer };
    }
    learned.gradient.fill(0);
    const loss = student.learn(window, learned);
    const gradient = wholeBuffer(learned.gradient.slice());
    const answer: Answer = { kind: "learned", loss, gradient };
    return { answer, transfer: [gradient] };
  });
}

/** Arrays of numbers as their names and buffers, whatever they are in. */
interface PackedArray {
  readonly array: string;
  readonly buffer: ArrayBufferLike;
}

const ARRAYS = { Float32Array, Int32Array, Int8Array, Uint8Array };

/** With buffers in place of arrays, which messages carry fast. */
function packed(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const whole = byteLength === buffer.byteLength
      ? buffer
      : buffer.slice(byteOffset, byteOffset + byteLength);
    return { array: value.constructor.name, buffer: whole } satisfies PackedArray;
  }
  return mapped(value, packed);
}

function unpacked(value: unknown): unknown {
  const { array, buffer } = (value ?? {}) as Partial<PackedArray>;
  if (array === undefined || buffer === undefined) return mapped(value, unpacked);
  return new ARRAYS[array as keyof typeof ARRAYS](buffer as ArrayBuffer);
}

function mapped(value: unknown, of: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(of);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, of(own)]));
}
