/** A worker that learns a window of a step. */
/// <reference lib="deno.worker" />
import { serveLearning } from "../../src/compile/end_to_end/learning_thread.ts";

serveLearning(self);
