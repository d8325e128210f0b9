/** A registry on this machine that has the packages as if they were published. */
import { createHash } from "node:crypto";
import { packages } from "../../tools/package.ts";
import { writeFiles } from "../../tools/package/files.ts";
import { capture } from "../hosts/_picture.ts";

/** A package as it is sent. */
interface Tarball {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The registry. */
export interface Registry extends AsyncDisposable {
  /** What an `.npmrc` says, so that npm, Bun and Deno ask here for `@fewbit/…` and elsewhere for the rest. */
  readonly npmrc: string;
  /** The packages as folders. */
  readonly folders: readonly string[];
  /** Bytes of the tarballs by the names of the packages. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Builds and packs both packages, and serves them. */
export async function serveRegistry(folder: string): Promise<Registry> {
  const tarballs = new Map<string, Tarball>();
  const built = await packages();
  for (const [name, files] of Object.entries(built)) {
    await writeFiles(`${folder}/${name}`, files);
    const tarball = await pack(`${folder}/${name}`, folder);
    tarballs.set(tarball.manifest.name, tarball);
  }
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => answer(new URL(request.url), tarballs),
  );
  return {
    npmrc: `@fewbit:registry=http://127.0.0.1:${server.addr.port}/\n` +
      "audit=false\nfund=false\nprefer-offline=true\nupdate-notifier=false\n",
    folders: Object.keys(built).map((name) => `${folder}/${name}`),
    sizes: new Map([...tarballs].map(([name, { bytes }]) => [name, bytes.length])),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function pack(folder: string, to: string): Promise<Tarball> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", to];
  const output = await capture("npm", args, { cwd: folder });
  const [{ filename }] = JSON.parse(output) as { filename: string }[];
  return {
    manifest: JSON.parse(await Deno.readTextFile(`${folder}/package.json`)),
    bytes: await Deno.readFile(`${to}/${filename}`),
  };
}

function answer(url: URL, tarballs: ReadonlyMap<string, Tarball>): Response {
  const path = decodeURIComponent(url.pathname).slice(1);
  const isTarball = path.endsWith(".tgz");
  const name = isTarball ? path.slice(0, -".tgz".length) : path;
  const tarball = tarballs.get(name);
  if (tarball === undefined) return new Response("{}", { status: 404 });
  const { manifest, bytes } = tarball;
  if (isTarball) return new Response(bytes);
  const { version } = manifest;
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const dist = { tarball: `${url.origin}/${name}.tgz`, integrity };
  return Response.json({
    name,
    "dist-tags": { latest: version },
    versions: { [version]: { ...manifest, dist } },
  });
}
