/** Counts the WebAssembly instances, each with a memory, that are made from now on. */
export function countMachines(): () => number {
  let made = 0;
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      made++;
    }
  };
  return () => made;
}
