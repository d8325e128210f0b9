/** Runs that are submitted together: what one takes from the one before it stays on the GPU. */
import { FewbitError } from "../../errors.ts";
import type { Index, Program } from "../../program/program.ts";
import { denseBytes } from "../../tensor.ts";
import type { Inputs, Outputs } from "../engine.ts";
import type { PreparedRun } from "../prepare_run.ts";
import type { BoundProgram } from "./_bound_program.ts";
import { padded } from "./_gpu_program.ts";
import { ReadBack } from "./_transfer.ts";
import type { ChainedRun } from "./gpu_instance.ts";

/** An input of a run that is an output of the one before it. */
interface Link {
  readonly from: Index;
  readonly to: Index;
}

/** A run whose sizes are settled. */
interface LinkedRun {
  readonly run: PreparedRun;
  readonly links: readonly Link[];
}

/**
 * Runs one after the other.
 *
 * @param prepare Settles a run, of which inputs from another one are zeros: ids, sessions and places that pass all checks.
 * @param begun Told each run when it begins.
 */
export async function runChain(
  bound: BoundProgram,
  runs: readonly ChainedRun[],
  prepare: (inputs: Inputs, run: ChainedRun) => PreparedRun,
  begun: (run: PreparedRun) => void,
): Promise<Outputs[]> {
  const { shared, device, memory } = bound;
  const { program } = shared.source.head;
  // All is settled before the first is run.
  const linked = runs.map((chained, i): LinkedRun => {
    const links = linksOf(program, chained, i);
    const zeros = links.map(({ to }) => {
      const { name, dtype } = program.tensors[to];
      return [name, new Uint8Array(denseBytes(dtype, [chained.sizes?.[name] ?? 1]))];
    });
    return { run: prepare({ ...chained.inputs, ...Object.fromEntries(zeros) }, chained), links };
  });
  linked.forEach((one, i) => checkSizes(one, linked[i - 1]));

  function checkSizes({ run, links }: LinkedRun, before: LinkedRun | undefined): void {
    for (const { from, to } of links) {
      if (shared.bytesIn(to, run.values) === shared.bytesIn(from, before!.run.values)) continue;
      const [source, target] = [from, to].map((i) => program.tensors[i].name);
      throw new FewbitError(
        "invalid_argument",
        `Cannot chain runs: ${source} is not of the size of ${target}`,
      );
    }
  }

  const staged = new ReadBack(
    device,
    linked.flatMap(({ run: { outputs, values } }, run) => {
      const isWanted = (i: Index): boolean =>
        runs[run].wanted?.includes(program.tensors[i].name) ?? true;
      return outputs.filter(isWanted).map((tensor) => {
        const { offset } = shared.places.tensor(tensor);
        return { tensor, run, offset, bytes: shared.bytesIn(tensor, values) };
      });
    }),
  );
  const bridge = device.gpu.createBuffer({
    size: linked.flatMap(({ run, links }) =>
      links.map(({ to }) => padded(shared.bytesIn(to, run.values)))
    ).reduce((a, b) => Math.max(a, b), 4),
    usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  try {
    linked.forEach(({ run, links }, i) => {
      const given = new Map(run.inputs);
      const encoder = device.gpu.createCommandEncoder();
      for (const { from, to } of links) {
        given.delete(to);
        const [source, target] = [from, to].map((tensor) => shared.places.tensor(tensor).offset);
        const bytes = padded(shared.bytesIn(to, run.values));
        // WebGPU refuses a copy within a buffer.
        encoder.copyBufferToBuffer(memory, source, bridge, 0, bytes);
        encoder.copyBufferToBuffer(bridge, 0, memory, target, bytes);
      }
      const recording = bound.start(run, given);
      begun(run);
      recording.record(encoder, 0, program.entries[run.entry].count);
      staged.copy(encoder, memory, (range) => range.run === i);
      device.gpu.queue.submit([encoder.finish()]);
    });
    const outputs = runs.map((): Outputs => ({}));
    for (const { range: { tensor, run }, bytes } of await staged.read()) {
      const { values } = linked[run].run;
      outputs[run][program.tensors[tensor].name] = bound.tensor(tensor, bytes, values);
    }
    return outputs;
  } finally {
    staged.release();
    bridge.destroy();
  }
}

/** @throws {FewbitError} `invalid_argument` where there is nothing to take, or it has another type; `not_found`. */
function linksOf({ tensors }: Program, { inputs, from = {} }: ChainedRun, i: number): Link[] {
  const named = (name: string, region: "input" | "output"): Index => {
    const index = tensors.findIndex((tensor) => tensor.name === name && tensor.region === region);
    if (index >= 0) return index;
    throw new FewbitError("not_found", `Cannot chain runs: no ${region} is named "${name}"`);
  };
  return Object.entries(from).map(([input, output]) => {
    const link = { from: named(output, "output"), to: named(input, "input") };
    const problem = i === 0
      ? "has no run before it"
      : input in inputs
      ? "is given, too"
      : tensors[link.from].dtype !== tensors[link.to].dtype
      ? `has another type than ${output}`
      : undefined;
    if (problem === undefined) return link;
    throw new FewbitError("invalid_argument", `Cannot chain runs: ${input} ${problem}`);
  });
}
