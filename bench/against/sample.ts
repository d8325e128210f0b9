/** How long something took. */
import process from "node:process";

/** Milliseconds of a run. */
export interface Sample {
  /** On the clock. */
  readonly wall: number;
  /** Of processors, which others on the machine disturb less. */
  readonly cpu: number;
}

/** Starts the clocks; the function that is returned reads them, for each of some runs. */
export function startClocks(): (runs?: number) => Sample {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  return (runs = 1) => {
    const { user, system } = process.cpuUsage(cpu);
    return { wall: (performance.now() - wall) / runs, cpu: (user + system) / 1000 / runs };
  };
}
