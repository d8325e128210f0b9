/** Windows of a step, shared out among this thread and others; gradients are added in the order of the windows. */
import { orAbort } from "../../engines/or_abort.ts";
import { nextTurn } from "../../event_loop.ts";
import type { StudentConstants } from "./_student_constants.ts";
import type { TaughtWindow } from "./_teacher.ts";
import type { Trainables } from "./_trainables.ts";
import { beginStudent, learnOn, lossOn } from "./learning_thread.ts";
import type { LearningThread, WindowLesson } from "./learning_thread.ts";
import { Student } from "./student.ts";

/**
 * Lane 0 is this thread, the others are threads; window w of a step belongs to lane `w mod lanes`. Each gradient is
 * computed from 0 by one of them, and they are added in the order of the windows: the bits do not depend on how many lanes
 * there are.
 */
export class LearningLanes implements Disposable {
  private constructor(
    private readonly student: Student,
    private readonly threads: readonly LearningThread[],
  ) {}

  /** @param threads The others, which stay their owner's. */
  static async open(
    constants: StudentConstants,
    tokens: number,
    threads: readonly LearningThread[],
    signal?: AbortSignal,
  ): Promise<LearningLanes> {
    const begun = threads.map((thread) => beginStudent(thread, constants.parts, tokens));
    for (const each of begun) each.catch(() => {});
    const student = await Student.open(constants, tokens);
    try {
      await orAbort(Promise.all(begun), signal);
    } catch (error) {
      student[Symbol.dispose]();
      throw error;
    }
    return new LearningLanes(student, threads);
  }

  /** Lanes. */
  get count(): number {
    return this.threads.length + 1;
  }

  /** Bytes that the programs of one lane take. */
  get memoryBytes(): number {
    return this.student.memoryBytes;
  }

  /**
   * The mean divergence of windows; the mean of their gradients is that of what is learned.
   *
   * @throws {FewbitError} What a thread throws, or `limit_exceeded` where one ended.
   */
  async learn(
    windows: readonly TaughtWindow[],
    learned: Trainables,
    signal?: AbortSignal,
  ): Promise<number> {
    const sum = new Float32Array(learned.values.length);
    let loss = 0;
    const lessons = this.#inOrder(
      windows,
      (window): WindowLesson => {
        learned.gradient.fill(0);
        const loss = this.student.learn(window, learned);
        return { loss, gradient: learned.gradient };
      },
      (thread, window) => learnOn(thread, window, learned.values),
      signal,
    );
    for await (const { loss: own, gradient } of lessons) {
      loss += own;
      for (let i = 0; i < sum.length; i++) sum[i] += gradient[i];
    }
    learned.gradient.set(windows.length === 1 ? sum : sum.map((g) => g / windows.length));
    return loss / windows.length;
  }

  /** The mean divergence of windows. */
  async loss(
    windows: readonly TaughtWindow[],
    learned: Trainables,
    signal?: AbortSignal,
  ): Promise<number> {
    let sum = 0;
    const losses = this.#inOrder(
      windows,
      (window) => this.student.loss(window, learned),
      (thread, window) => lossOn(thread, window, learned.values),
      signal,
    );
    for await (const loss of losses) sum += loss;
    return sum / windows.length;
  }

  async *#inOrder<T>(
    windows: readonly TaughtWindow[],
    own: (window: TaughtWindow) => T,
    ask: (thread: LearningThread, window: TaughtWindow) => Promise<T>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<T> {
    const asked = windows.map((window, w) => {
      const lane = w % this.count;
      if (lane === 0) return undefined;
      const result = ask(this.threads[lane - 1], window);
      // Who is not waited for any more must not fail loudly.
      result.catch(() => {});
      return result;
    });
    for (const [w, window] of windows.entries()) {
      signal?.throwIfAborted();
      const result = asked[w];
      yield result === undefined ? own(window) : await orAbort(result, signal);
      await nextTurn();
    }
  }

  [Symbol.dispose](): void {
    this.student[Symbol.dispose]();
  }
}
