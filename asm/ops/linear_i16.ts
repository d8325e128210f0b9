// linear_i8 of i16 activations: the record is the same, the GEMM goes by their type.
export {
  exec_linear_i8 as exec_linear_i16,
  scratch_linear_i8 as scratch_linear_i16,
} from "./linear_i8";
