/** Forms of the dot product as numbers: those of `asm/kernels/dot_forms.ts` and `wasm/fewbit.h`. */
import { FewbitError } from "../../errors.ts";
import type { DotForm } from "../engine.ts";
import type { WasmExports } from "./_exports.ts";

/** By number; 0 is a module without relaxed SIMD. */
const FORMS: readonly (DotForm | undefined)[] = [undefined, "seven", "signed", "unsigned"];

/**
 * Makes a model that was loaded use a form, or asks which one it uses.
 *
 * @throws {FewbitError} `unsupported` where this host and module do not have the form.
 */
export function settleDot(
  exports: WasmExports,
  model: number,
  form?: DotForm,
): DotForm | undefined {
  if (form !== undefined) {
    const number = FORMS.indexOf(form);
    if (number < 0) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot load: dot is "${form}", expected unsigned, signed or seven`,
      );
    }
    if (exports.model_dot(model, number) !== 0) {
      const own = FORMS[exports.dot_form()];
      throw new FewbitError(
        "unsupported",
        `Cannot load with dot "${form}": this module has ${own ?? "no dot product"} on this host`,
      );
    }
  }
  return form ?? FORMS[exports.dot_form()];
}
