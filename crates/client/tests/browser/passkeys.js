// Passkeys, with Chromium's virtual authenticator.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newPerson } from "./support/people.js";
import { program } from "./support/shared.js";
import { screenshot, visit } from "./support/visit.js";

/** The program at the address that has a name: browsers allow passkeys at no IP address. */
async function namedProgram() {
  const server = await program();
  const named = new URL(server.url);
  named.hostname = "localhost";
  return { ...server, url: named.origin };
}

/** Plugs in an authenticator that verifies its user, and returns its passkeys. */
async function plugIn(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  const isVerified = (isUserVerified) =>
    devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  const passkeys = async () => {
    const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
    return credentials;
  };
  return { isVerified, passkeys };
}

test("a person adds a passkey, signs in with it and removes it", async (t) => {
  const server = await namedProgram();
  const person = await newPerson(server);
  const page = await visit(t, server, { person, expects: [/status of 401/] });
  const authenticator = await plugIn(page);

  await page.goto("/account/security");
  await page.getByLabel("Name").fill("My laptop");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("Your passkey is added.").waitFor();
  await page.getByRole("heading", { name: "My laptop" }).waitFor();
  await screenshot(page, "passkeys");
  const [{ rpId, isResidentCredential }] = await authenticator.passkeys();
  assert.deepEqual({ rpId, isResidentCredential }, { rpId: "localhost", isResidentCredential: true });

  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("This device has a passkey of your account already.").waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/auth/signin?next=/account/security");
  await screenshot(page, "sign in with a passkey");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("heading", { name: "My laptop" }).waitFor();
  await page.getByText("Last used").waitFor();

  await page.getByRole("button", { name: /^Remove.*My laptop$/ }).click();
  await page.getByText("The passkey is removed.").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/auth/signin");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This passkey was not accepted.").waitFor();
});

test("without the user's finger no passkey is made, and the page says so", async (t) => {
  const server = await namedProgram();
  const page = await visit(t, server, { person: await newPerson(server) });
  const authenticator = await plugIn(page);
  await authenticator.isVerified(false);
  await page.goto("/account/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("No passkey was chosen.").waitFor();
  assert.deepEqual(await authenticator.passkeys(), []);
});

test("at an IP address the page names the address that has passkeys", async (t) => {
  const page = await visit(t, await program());
  await page.goto("/auth/signin");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  const { url } = await namedProgram();
  await page.getByText(`Browsers allow no passkey at this address. Open ${url} instead.`).waitFor();
});

test("without JavaScript no passkey is offered", async (t) => {
  const server = await namedProgram();
  const page = await visit(t, server, { person: await newPerson(server), javaScriptEnabled: false });
  await page.goto("/account/security");
  await page.getByText("Adding a passkey needs JavaScript").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a passkey" }).count(), 0);
});
