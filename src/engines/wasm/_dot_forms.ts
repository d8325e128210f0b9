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
  const own = FORMS[exports.dot_form()];
  if (form !== undefined && exports.model_dot(model, FORMS.indexOf(form)) !== 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot load with dot "${form}": this host and build have ${own ?? "none"}`,
    );
  }
  return form ?? own;
}
