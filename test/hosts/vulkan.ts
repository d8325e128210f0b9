/** Drivers of Vulkan for GPUs in software, as the files that describe them. */

const DRIVERS = "/usr/share/vulkan/icd.d";

/** Mesa's, from the package mesa-vulkan-drivers. */
export const LAVAPIPE: string | undefined = named(DRIVERS, "lvp_icd");

/** The one that comes with Chromium. */
export const SWIFTSHADER: string | undefined = named("/usr/lib/chromium", "vk_swiftshader_icd");

function named(folder: string, start: string): string | undefined {
  try {
    const found = [...Deno.readDirSync(folder)].find(({ name }) => name.startsWith(start));
    return found && `${folder}/${found.name}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
