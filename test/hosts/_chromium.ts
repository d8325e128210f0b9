/** Pages in Chromium. */
// deno-lint-ignore no-import-prefix -- its version is written here only
import { chromium, type Page } from "npm:playwright-core@1.65.1";
import { missing } from "./_picture.ts";

export type { Page };

/** Settings of a test that opens a page. */
export const CHROMIUM_TEST = {
  ignore: missing("chromium"),
  // Playwright keeps a pipe to the browser for a moment after close().
  sanitizeResources: false,
  sanitizeOps: false,
};

/** Arguments with which Chromium has a GPU in software, and without which it has none. */
export const WITH_GPU: readonly string[] = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];
const WITHOUT_GPU: readonly string[] = ["--disable-gpu"];

/** Serves a site on this machine and opens an empty page beside it; all ends with the work. */
export async function withPage(
  handler: (request: Request) => Response,
  work: (page: Page, origin: string) => Promise<void>,
  gpu: readonly string[] = WITHOUT_GPU,
): Promise<void> {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    handler,
  );
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--no-first-run", ...gpu],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 860, height: 900 } });
    await work(page, `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
  } finally {
    await browser.close();
  }
}

/** Opens the page of some files and gives it to the work when it has set its title. */
export async function withTitle(
  files: Readonly<Record<string, () => Response>>,
  timeout: number,
  work: (title: string, page: Page) => Promise<void> | void,
  gpu?: readonly string[],
): Promise<void> {
  const handler = (request: Request): Response =>
    files[new URL(request.url).pathname]?.() ?? new Response(null, { status: 404 });
  await withPage(handler, async (page, origin) => {
    await page.goto(origin);
    await page.waitForFunction('document.title !== "fewbit"', undefined, { timeout });
    await work(await page.title(), page);
  }, gpu);
}
