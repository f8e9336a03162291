// What all tests share: one browser, one program, and one more whose holds are short.

import { after } from "node:test";

import { chromium } from "playwright-core";

import { startProgram } from "./program.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Long enough for the expiry tests to reach the page, short enough to wait for. */
const SHORT_HOLD = "6s";

const started = new Map();

/** Starts something when it is first asked for, and stops it after the last test. */
function once(name, start) {
  return () => {
    if (!started.has(name)) started.set(name, start());
    return started.get(name);
  };
}

export const browser = once("browser", () =>
  chromium.launch({ executablePath: process.env.CHROME, args: FLAGS, headless: true }),
);
export const program = once("program", () => startProgram());
export const hurriedProgram = once("hurried program", () => startProgram("--hold", SHORT_HOLD));

after(async () => {
  for (const one of [...started.values()].reverse()) {
    const it = await one.catch(() => null);
    await (it?.close ?? it?.stop)?.call(it);
  }
});
