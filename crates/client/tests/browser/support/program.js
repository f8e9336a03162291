// The real program on free ports, with its data in a folder of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ADDRESSES = ["--listen", "--stripe-listen", "--admin-listen"].flatMap((option) => [option, "127.0.0.1:0"]);

/** Starts the program and waits until it says where it listens: `{ url, stripe, stop }`. */
export async function startProgram(...options) {
  const program = process.env.TICKETING;
  if (!program) throw new Error("TICKETING names no program; run `cargo xtask browser`");
  const data = await mkdtemp(join(tmpdir(), "ticketing-browser-"));
  const child = spawn(program, [...ADDRESSES, "--data-dir", data, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, url] = /^ {2}(.+?) {2,}(http:\/\/\S+)/.exec(line) ?? [];
    if (name === "Marketplace") found.url = url;
    if (name === "Stripe simulator") found.stripe = url;
    if (line.includes("Ctrl-C stops")) break;
  }
  child.stdout.resume();
  if (!found.url || !found.stripe) throw new Error("the program did not say where it listens");
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  return { ...found, stop };
}
