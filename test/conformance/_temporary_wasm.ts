import { BaseInstance } from "../../src/engines/_base_instance.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { verify } from "../../src/program/verify.ts";
import { layoutBytes } from "../../src/program/layout.ts";
import type { Instance } from "../../src/engines/engine.ts";

const modules = new Map<string, WebAssembly.Module>();
function moduleOf(name: string) {
  let m = modules.get(name);
  if (!m) {
    modules.set(
      name,
      m = new WebAssembly.Module(
        Deno.readFileSync((Deno.env.get("WASM_DIR") ?? "/work/main/wasm") + `/fewbit.${name}.wasm`),
      ),
    );
  }
  return m;
}
let pooled = new Map<string, any>();
export function loadTemporary(file: Uint8Array<ArrayBuffer>, name: string): Promise<Instance> {
  const head = decodeHead(file);
  const verified = verify(head.program, head.segments, {});
  let x = pooled.get(name);
  if (!x) pooled.set(name, x = new WebAssembly.Instance(moduleOf(name)).exports as any);
  const base = x.heap_base();
  const grow = (end: number) => {
    const need = Math.ceil(end / 65536) - x.memory.buffer.byteLength / 65536;
    if (need > 0) x.memory.grow(need);
  };
  const ok = (v: number, what: string) => {
    if (v < 0) throw new Error(`${what}: verdict ${-v}`);
  };
  const size = x.model_size(head.headBytes) >>> 0;
  grow(base + size);
  // noise where memory may have been used before
  new Uint8Array(x.memory.buffer).fill(0xA5, base);
  new Uint8Array(x.memory.buffer).set(file.subarray(0, head.headBytes), base + 256);
  ok(x.model_load(base, head.headBytes), "load");
  ok(x.model_plan(base, 0xFFFF0000, 2 ** 45), "plan");
  grow(x.model_end(base));
  head.segments.forEach((s, i) =>
    new Uint8Array(x.memory.buffer).set(
      file.subarray(s.offset, s.offset + s.length),
      x.segment_address(base, i),
    )
  );
  ok(x.model_ready(base), "ready");
  const context = Math.ceil(x.model_end(base) / 256) * 256;
  const bytes = x.instance_size(base) >>> 0;
  grow(context + bytes + 256);
  new Uint8Array(x.memory.buffer).fill(0xA5, context);
  ok(x.instance_init(base, context), "init");
  // noise in the scratch memory and the arena would be good; initialise clears it
  const scratch = new DataView(x.memory.buffer).getUint32(context + 1056, true);
  new Uint8Array(x.memory.buffer, scratch, context + bytes - scratch).fill(0xFF);
  class I extends BaseInstance {
    readonly engine = name;
    readonly memoryBytes = 0;
    protected bytesOf(t: number) {
      return new Uint8Array(
        x.memory.buffer,
        x.tensor_address(context, t) >>> 0,
        layoutBytes(
          verified.program.tensors[t].layout,
          verified.program.tensors[t].dtype,
          verified.program.tensors[t].extents.map((e) => verified.ranges[e].max),
        ),
      );
    }
    protected start(entry: number, symbols: readonly number[]) {
      symbols.forEach((s, i) => {
        if (verified.program.symbols[i].kind === "run") ok(x.symbol_set(context, i, s), "symbol");
      });
      ok(x.begin(context, entry), "begin");
    }
    protected step(entry: number, first: number, count: number) {
      const parts = Number(Deno.env.get("PARTS") ?? 0);
      if (parts) {
        for (let p = parts - 1; p >= 0; p--) {
          ok(x.run_part(context, entry, first, p, parts), "part");
        }
        return;
      }
      ok(x.run(context, entry, first, count), "run");
    }
    protected resetState() {
      return undefined;
    }
    protected release() {
      const end = context + bytes;
      const tail = new Uint8Array(x.memory.buffer, end, 256);
      if (tail.some((b) => b !== 0xA5)) throw new Error("wrote past the instance");
    }
    fork(): Instance {
      throw new Error();
    }
  }
  return Promise.resolve(new I({ ...verified, id: head.id }));
}
