/**
 * Importing this makes NFKC and NFKD known. Their table is 7 kB, which the small entry for embeddings leaves out:
 * no sentence encoder in use asks for it.
 *
 * @module
 */
import { COMPATIBLE } from "./_compatible_data.ts";
import { provideCompatibleForms } from "./normal_forms.ts";

provideCompatibleForms(COMPATIBLE);
