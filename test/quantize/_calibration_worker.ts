/** A worker of the web that calibrates; its name says what goes wrong. */
/// <reference lib="deno.worker" />
import { serveCalibration } from "../../src/quantize/calibration_thread.ts";

const { name } = self;
if (name === "throws") throw new Error("no thread today");
if (name === "ends") {
  self.addEventListener("message", (event) => {
    if ((event as MessageEvent).data.kind === "run") {
      // It is told of by this worker's end alone: the answer must not come first.
      event.stopImmediatePropagation();
      Promise.reject(new Error("out of memory"));
    }
  });
}
if (name === "deaf") {
  // It takes a block, and never says what becomes of a window.
  self.addEventListener("message", (event) => {
    const { kind, id } = (event as MessageEvent).data;
    if (kind === "begin") self.postMessage({ kind: "begun", id });
  });
  self.postMessage({ kind: "ready" });
} else if (name !== "silent") serveCalibration(self);
