/** Where and when a measurement was made. */
import { ORT_VERSION } from "./onnxruntime.ts";

/** The facts that stand above the numbers. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly deno: string;
  readonly v8: string;
  readonly onnxruntime: string;
}

/** Looks around. */
export function describeMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 16) + "Z",
    cpu: cpuName(),
    cores: navigator.hardwareConcurrency,
    os: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    onnxruntime: ORT_VERSION,
  };
}

/** What the CPU says of itself; virtual machines may hide the name, so family and model stand by. */
function cpuName(): string {
  if (Deno.build.os !== "linux") return Deno.build.arch;
  const info = Deno.readTextFileSync("/proc/cpuinfo");
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(info)?.[1];
  return `${field("model name")} (family ${field("cpu family")}, model ${field("model")})`;
}
