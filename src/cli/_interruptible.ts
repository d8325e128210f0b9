/** Work that Ctrl-C stops without the command: the main thread hears it and says so. */

let tell: ((isInterruptible: boolean) => void) | undefined;
let current: AbortController | undefined;

/** Has a function told when such work begins and ends. */
export function onInterruptible(told: (isInterruptible: boolean) => void): void {
  tell = told;
}

/** Stops the work, if there is any. */
export function interruptWork(): void {
  current?.abort();
}

/**
 * Does work that the next Ctrl-C stops; one after that ends the command.
 *
 * @returns Whether it was stopped.
 */
export async function interruptible(
  command: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const stop = current = new AbortController();
  tell?.(true);
  try {
    await work(AbortSignal.any([command, stop.signal]));
    return false;
  } catch (error) {
    if (command.aborted || !stop.signal.aborted || error !== stop.signal.reason) throw error;
    return true;
  } finally {
    current = undefined;
    tell?.(false);
  }
}
