// Pictures for people to look at: `screenshots/` in the repository, which git ignores.

import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../../../screenshots/", import.meta.url));

/** The whole page as it is now. */
export function photograph(page, name) {
  const file = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return page.screenshot({ path: `${FOLDER}${file}.png`, fullPage: true });
}
