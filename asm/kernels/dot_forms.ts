// What the dot product computes on this host. The instruction is defined alike everywhere only while its second operand b is within 0…127;
// beyond, hosts differ, but one host does the same thing always, so that it can be asked:
//
//   unsigned  b is u8, no sum saturates      vpdpbusd: x86 with AVX-VNNI
//   signed    b is i8, no sum saturates      sdot: ARM; vpdpbssd: x86 with AVX-VNNI-INT8
//   seven     b has to be 0…127              vpmaddubsw and vpmaddwd, which saturates pairs; also whatever fits neither of the two

/** Forms; `wasm/fewbit.h` and `src/engines/wasm/_dot_forms.ts` have the same numbers. 0: this build has no dot product. */
export const DOT_NONE: i32 = 0, DOT_SEVEN: i32 = 1, DOT_SIGNED: i32 = 2, DOT_UNSIGNED: i32 = 3;
