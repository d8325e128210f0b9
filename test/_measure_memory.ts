/** Runs a module for {@linkcode peakMemory} and prints the most memory that this process had. */
const [module, ...args] = Deno.args;
const { run } = await import(module) as { run: (...args: string[]) => unknown };
await run(...args);
const status = Deno.build.os === "linux" ? await Deno.readTextFile("/proc/self/status") : "";
const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
console.log(kilobytes === undefined ? Deno.memoryUsage().rss : 1024 * Number(kilobytes));
