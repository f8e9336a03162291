// Shared by all tests: one browser, one program, and a second program with short holds.

import { spawn } from "node:child_process";
import { once as onceEvent } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

import { chromium } from "playwright-core";

const ADDRESSES = ["--listen", "--stripe-listen", "--mail-sim-listen", "--mailbox-listen", "--admin-listen"].flatMap((option) => [option, "127.0.0.1:0"]);

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Long enough for an expiry test to reach the page, and short enough to wait for. */
const SHORT_HOLD = "6s";

const started = new Map();

/** Starts a resource at its first use, and stops it after the last test. */
function once(name, start) {
  return () => {
    if (!started.has(name)) started.set(name, start());
    return started.get(name);
  };
}

export const browser = once("browser", () =>
  chromium.launch({ executablePath: process.env.CHROME, args: CHROMIUM_FLAGS, headless: true }),
);
export const program = once("program", () => startProgram());
export const shortHoldProgram = once("short-hold program", () => startProgram("--hold", SHORT_HOLD));

after(async () => {
  for (const starting of [...started.values()].reverse()) {
    const resource = await starting.catch(() => null);
    await (resource?.close ?? resource?.stop)?.call(resource);
  }
});

/** Starts the real program on free ports, with its data in a temporary folder: `{ url, stripe, mailbox, stop }`. */
async function startProgram(...options) {
  const program = process.env.TICKETING;
  if (!program) throw new Error("TICKETING names no program; run `cargo xtask browser`");
  const data = await mkdtemp(join(tmpdir(), "ticketing-browser-"));
  const child = spawn(program, [...ADDRESSES, "--data-dir", data, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
    // One address of a test is that of many people.
    env: { ...process.env, MAX_SIGN_UPS: "0", MAX_STREAMS: "0" },
  });
  const exited = onceEvent(child, "exit");
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, url] = /^ {2}(.+?) {2,}(http:\/\/\S+)/.exec(line) ?? [];
    if (name === "Marketplace") found.url = url;
    if (name === "Stripe simulator") found.stripe = url;
    if (name === "Mailbox") found.mailbox = url;
    if (line.includes("Ctrl-C stops")) break;
  }
  child.stdout.resume();
  if (!found.url || !found.stripe || !found.mailbox) throw new Error("the program did not print its addresses");
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
    await rm(data, { recursive: true, force: true });
  };
  return { ...found, stop };
}
