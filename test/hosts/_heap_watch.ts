/** The largest heap of a workerd, told by its inspector. */

/** Watches until it is disposed of. */
export interface HeapWatch extends Disposable {
  /** Most bytes of the heap that were in use so far. */
  peakBytes(): Promise<number>;
}

/** Milliseconds between two looks. */
const INTERVAL_MS = 10;

/** Begins to watch. */
export async function heapWatch(port: number): Promise<HeapWatch> {
  const [{ webSocketDebuggerUrl }] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  let [peak, id] = [0, 0];
  const waiting = new Map<number, () => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    peak = Math.max(peak, result?.usedSize ?? 0);
    waiting.get(id)?.();
    waiting.delete(id);
  };
  const look = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(++id, resolve);
      socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
    });
  // An isolate that is at work answers late; then no other question is asked.
  const timer = setInterval(() => waiting.size === 0 && look(), INTERVAL_MS);
  return {
    async peakBytes() {
      await look();
      return peak;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      socket.close();
    },
  };
}
