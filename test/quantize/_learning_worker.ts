/** A worker of the web that learns; its name says what goes wrong. */
/// <reference lib="deno.worker" />
import { serveLearning } from "../../src/compile/end_to_end/learning_thread.ts";

const { name } = self;
if (name === "deaf") {
  // It takes a student, and never says what it learned.
  self.addEventListener("message", (event) => {
    const { kind, id } = (event as MessageEvent).data;
    if (kind === "begin") self.postMessage({ kind: "begun", id });
  });
  self.postMessage({ kind: "ready" });
} else {
  if (name === "ends") {
    self.addEventListener("message", (event) => {
      if ((event as MessageEvent).data.kind === "learn") {
        // It is told of by this worker's end alone: the answer must not come first.
        event.stopImmediatePropagation();
        Promise.reject(new Error("out of memory"));
      }
    });
  }
  serveLearning(self);
}
