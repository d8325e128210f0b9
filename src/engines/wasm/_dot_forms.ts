/** Forms of the dot product as numbers: those of `asm/kernels/dot_forms.ts` and `wasm/fewbit.h`. */
import type { DotForm } from "../engine.ts";
import type { WasmExports } from "./_exports.ts";
import { check } from "./_residence.ts";

/** By number; 0 is a module without relaxed SIMD. */
const FORMS: readonly (DotForm | undefined)[] = [undefined, "seven", "signed", "unsigned"];

/** Makes a model that was loaded use a form, which the module has to have here, or asks which one it uses. */
export function settleDot(
  exports: WasmExports,
  model: number,
  form = FORMS[exports.dot_form()],
): DotForm | undefined {
  if (form !== undefined) check(exports.model_dot(model, FORMS.indexOf(form)), `dot = ${form}`);
  return form;
}
