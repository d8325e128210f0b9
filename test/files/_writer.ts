/** Writes a file many times: `deno run -A _writer.ts PATH BYTE BYTES TIMES`. */
import { writeFile } from "../../src/files/write_file.ts";

const [path, value, size, times] = Deno.args;
const bytes = new Uint8Array(Number(size)).fill(Number(value));
for (let i = 0; i < Number(times); i++) await writeFile(path, bytes);
