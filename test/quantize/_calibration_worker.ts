/** A worker of the web that calibrates; its name says what goes wrong. */
/// <reference lib="deno.worker" />
import { serveCalibration } from "../../src/quantize/calibration_thread.ts";

const { name } = self;
if (name === "throws") throw new Error("no thread today");
if (name === "ends") {
  self.addEventListener("message", ({ data }) => {
    if (data.kind === "run") {
      // No more than this worker's own end: the answer never comes.
      Promise.reject(new Error("out of memory"));
    }
  });
}
if (name !== "silent") serveCalibration(self);
