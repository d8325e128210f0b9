/** Reads the test data of CMSIS-NN: C headers of numbers. */

/** The definitions of a folder, their names without the prefix that they share. */
export interface Definitions {
  /** `#define NAME value`. */
  readonly numbers: ReadonlyMap<string, number>;
  /** `const type name[n] = {…}`; an array that is `NULL` is absent. */
  readonly arrays: ReadonlyMap<string, { readonly type: string; readonly values: number[] }>;
}

/** Reads the headers that `test_data.h` of a folder includes. Names lose the prefix, which may differ from the folder's name. */
export async function readDefinitions(folder: string): Promise<Definitions> {
  const list = await Deno.readTextFile(`${folder}/test_data.h`);
  const files = Array.from(
    list.matchAll(/#include "(\w+\.h)"/g),
    ([, name]) => `${folder}/${name}`,
  );
  const text = (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("\n");
  const defines = Array.from(text.matchAll(/^#define (\w+) (-?\d+)$/gm));
  const prefix = /^#define (\w+)_OUT_CH /m.exec(text)![1];
  const short = (name: string) => name.slice(prefix.length + 1).toLowerCase();
  const numbers = new Map(defines.map(([, name, value]) => [short(name), Number(value)]));
  const arrays = new Map<string, { type: string; values: number[] }>();
  for (const [, type, name, body] of text.matchAll(/const (\w+) (\w+)\[\d+\] =\s*\{([^}]*)\}/g)) {
    arrays.set(short(name), { type, values: body.split(",").map(Number) });
  }
  for (const [, alias, name] of text.matchAll(/const \w+ \*const (\w+) = (\w+);/g)) {
    const array = arrays.get(short(name));
    if (array !== undefined) arrays.set(short(alias), array);
  }
  return { numbers, arrays };
}
