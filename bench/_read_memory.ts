/** How fast WebAssembly reads memory: the bound of a product with one row, which reads every weight once. */
import wabt from "../tools/wabt.ts";

const PAGE_BYTES = 65_536;

/** Every turn reads 128 bytes into four sums. */
const source = (pages: number): string =>
  `(module
  (memory (export "memory") ${pages})
  (func (export "read") (param $at i32) (param $end i32) (result i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    loop $next
      (local.set $a (v128.xor (local.get $a)
        (v128.xor (v128.load offset=0 (local.get $at)) (v128.load offset=64 (local.get $at)))))
      (local.set $b (v128.xor (local.get $b)
        (v128.xor (v128.load offset=16 (local.get $at)) (v128.load offset=80 (local.get $at)))))
      (local.set $c (v128.xor (local.get $c)
        (v128.xor (v128.load offset=32 (local.get $at)) (v128.load offset=96 (local.get $at)))))
      (local.set $d (v128.xor (local.get $d)
        (v128.xor (v128.load offset=48 (local.get $at)) (v128.load offset=112 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 128)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end)))
    end
    (i32x4.extract_lane 0 (v128.xor
      (v128.xor (local.get $a) (local.get $b)) (v128.xor (local.get $c) (local.get $d))))))`;

/** Makes a function that reads so many bytes. */
export async function memoryReader(bytes: number): Promise<() => number> {
  const { parseWat } = await wabt();
  const pages = Math.ceil(bytes / PAGE_BYTES) + 1;
  const { buffer } = parseWat("read.wat", source(pages), { simd: true }).toBinary({});
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(buffer.slice()));
  const { memory, read } = exports as {
    memory: WebAssembly.Memory;
    read: (at: number, end: number) => number;
  };
  // Pages that were never written share one page of zeros.
  new Uint8Array(memory.buffer).fill(1);
  return () => read(0, bytes);
}
