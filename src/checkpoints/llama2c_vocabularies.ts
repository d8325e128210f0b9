/** Vocabularies that are read beside a model of llama2.c without being named. */
import { readFolder } from "../files/file_system.ts";
import { isFile } from "../files/read_file.ts";
import { splitPath } from "../files/split_path.ts";

/** Paths of the vocabularies that lie beside a model where none is given; none of another kind of model. */
export async function vocabulariesBeside(model: string): Promise<string[]> {
  if (!/\.bin$/i.test(model) || !await isFile(model)) return [];
  const [folder] = splitPath(model);
  return (await readFolder(folder))
    .filter(({ name }) => /^(tok\d+|tokenizer)\.bin$/.test(name))
    .map(({ name }) => `${folder}/${name}`);
}
