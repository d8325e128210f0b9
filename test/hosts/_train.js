/** Teaches a network for some steps, in plain JavaScript: the same file runs on every host. */

/** Steps, and the one behind which training is stopped and gone on with in another instance. */
export const STEPS = 50;
const STOP = 20;

/**
 * The losses and the SHA-256 of all parameters, stopped and resumed in between.
 *
 * @param {(file: Uint8Array) => Promise<import("../../src/engines/engine.ts").SyncInstance>} load
 * @param {Uint8Array} file The program of `examples/hosts/training_program.ts`.
 * @param {Uint8Array} pixels Of pictures of 784 bytes.
 * @param {Uint8Array} classes
 * @returns {Promise<{losses: number[], weights: string}>}
 */
export async function trainedOn(load, file, pixels, classes) {
  const losses = [];
  let instance = await load(file);
  for (let step = 0; step < STEPS; step++) {
    if (step === STOP) instance = await resumed(load, file, instance);
    const batch = instance.program.tensors.find(({ name }) => name === "labels").extents
      .map((extent) => instance.program.expressions[extent].constant)[0];
    const first = step % Math.floor(classes.length / batch) * batch;
    const { loss } = await instance.run({
      x: Float32Array.from(pixels.subarray(784 * first, 784 * (first + batch)), (p) => p / 255),
      labels: Int32Array.from(classes.subarray(first, first + batch)),
    }, { entry: "train_step" });
    losses.push(loss.data[0]);
  }
  return { losses, weights: await weightsOf(instance) };
}

/** Another instance with the parameters and the state of one. */
async function resumed(load, file, instance) {
  const next = await load(file);
  for (const name of namesOf(instance, "parameter")) {
    next.write(name, (await instance.read(name)).data);
  }
  next.restoreState(await instance.saveState());
  return next;
}

async function weightsOf(instance) {
  const bytes = [];
  for (const name of namesOf(instance, "parameter")) {
    const { data } = await instance.read(name);
    bytes.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(bytes).arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const namesOf = ({ program }, wanted) =>
  program.tensors.filter(({ region }) => region === wanted).map(({ name }) => name);
