/** The library that reads WebAssembly and writes it as text; tests and benchmarks take it from here. */
export { default } from "npm:wabt@1.0.39";
