// Somebody at a browser of their own. Whatever the browser complains of fails the test.

import assert from "node:assert/strict";

import { browser } from "./stage.js";

/** How long a state is waited for before the test is given up. */
const PATIENCE = 15_000;

/**
 * A page in a context of its own, for the time of a test `t`.
 *
 * - `person`: who is signed in.
 * - `expects`: what the browser may complain of, as patterns, because the test makes it happen.
 * - anything else is Playwright's: `javaScriptEnabled`, `colorScheme`, `viewport`.
 */
export async function visit(t, { url }, { person, expects = [], ...options } = {}) {
  const context = await (await browser()).newContext({ baseURL: url, ...options });
  context.setDefaultTimeout(PATIENCE);
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

/** Another tab of the same person. */
export function anotherTab(page) {
  return page.context().newPage();
}
