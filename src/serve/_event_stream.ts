/** Server-sent events (WHATWG HTML, 9.2), as OpenAI's API has them: `data: JSON`, at the end `data: [DONE]`. */
import { errorBody } from "./_refusal.ts";

/** A response that streams. */
export interface EventStream {
  readonly response: Response;
  /** Resolves when it has ended: with 200, 499 where nobody reads it any more, 500 after an error. */
  readonly ended: Promise<number>;
}

/**
 * A response whose events come while `produce` works. An error that it throws is the last event.
 *
 * @param signal Of the request: aborted when whoever asked is gone.
 * @param onCancel Called when nobody reads the response any more.
 */
export function eventStream(
  produce: (send: (event: unknown) => void) => Promise<void>,
  signal: AbortSignal,
  onCancel: () => void,
): EventStream {
  let isCancelled = false;
  let end: (status: number) => void;
  const ended = new Promise<number>((resolve) => end = resolve);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      const write = (data: string): void => {
        controller.enqueue(encoder.encode(`data: ${data}\n\n`));
      };
      const send = (event: unknown): void => write(JSON.stringify(event));
      const work = async (): Promise<void> => {
        let status = 200;
        try {
          await produce(send);
          write("[DONE]");
        } catch (error) {
          status = isCancelled || signal.aborted ? 499 : 500;
          if (status === 500) send(errorBody(error));
        }
        if (!isCancelled) controller.close();
        end(status);
      };
      void work();
    },
    cancel() {
      isCancelled = true;
      onCancel();
    },
  });
  const response = new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
  return { response, ended };
}
