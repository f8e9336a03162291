// A visitor with their own browser context. Any complaint of the browser fails the test.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { browser } from "./shared.js";

/** The folder of screenshots, which git ignores. */
const SCREENSHOTS = fileURLToPath(new URL("../../../../../screenshots/", import.meta.url));

/** The time in which an awaited state must appear, in milliseconds. */
const WAIT_TIMEOUT = 15_000;

/**
 * Opens a page in its own context, for the duration of the test `t`.
 *
 * - `person`: the signed-in person.
 * - `expects`: patterns of complaints that the test itself causes.
 * - other options are Playwright's: `javaScriptEnabled`, `colorScheme`, `viewport`.
 */
export async function visit(t, { url }, { person, expects = [], ...options } = {}) {
  const context = await (await browser()).newContext({ baseURL: url, ...options });
  context.setDefaultTimeout(WAIT_TIMEOUT);
  if (person) {
    const [name, value] = person.cookie.split("=");
    await context.addCookies([{ name, value, url, httpOnly: true, sameSite: "Lax" }]);
  }
  const complaints = [];
  const complain = (text) => expects.some((pattern) => pattern.test(text)) || complaints.push(text);
  context.on("page", (page) => {
    page.on("pageerror", (error) => complain(`error: ${error.stack}`));
    page.on("console", (message) => {
      const isBad = message.type() === "error" || /content security policy/i.test(message.text());
      if (isBad) complain(`console: ${message.text()} (${message.location().url})`);
    });
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, [], "the browser complained");
  });
  return context.newPage();
}

/** Opens another tab of the same person. */
export function anotherTab(page) {
  return page.context().newPage();
}

/** Saves the whole page as a picture for people to look at. */
export function screenshot(page, name) {
  const file = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return page.screenshot({ path: `${SCREENSHOTS}${file}.png`, fullPage: true });
}
