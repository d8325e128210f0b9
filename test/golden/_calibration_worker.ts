/** A worker of the web that calibrates. */
/// <reference lib="deno.worker" />
import { serveCalibration } from "../../src/quantize/calibration_thread.ts";

serveCalibration(self);
