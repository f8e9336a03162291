// The emails of an account: from the mailbox to the page that their link opens.

import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { program } from "./support/shared.js";
import { visit } from "./support/visit.js";

const PASSWORD = "seven wild geese at dawn";
const NEW_PASSWORD = "eleven blue herons at dusk";

/** Opens the newest email for `email` in the mailbox, and follows the button in it, which opens a new page. */
async function follow(page, { mailbox }, email, button) {
  let found = [];
  while (!found.length) {
    const reply = await fetch(`${mailbox}/api/v1/search?query=to:${email}`);
    ({ messages: found } = await reply.json());
    found = found.filter(({ Subject: subject }) => subject.startsWith(button.subject));
  }
  await page.goto(`${mailbox}/view/${found[0].ID}`);
  const opened = page.waitForEvent("popup");
  await page.frameLocator("iframe").getByRole("link", { name: button.name, exact: true }).click();
  return opened;
}

test("a person verifies the address, forgets the password and sets a new one", async (t) => {
  const server = await program();
  const page = await visit(t, server);
  const email = `${randomUUID()}@example.com`;
  await page.goto("/auth/signup");
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByRole("link", { name: "Account" }).click();
  await page.getByRole("heading", { name: "Your email address is not verified" }).waitFor();

  const verify = await follow(page, server, email, { subject: "Verify", name: "Verify the address" });
  await verify.getByRole("button", { name: "Verify my address" }).click();
  await verify.getByText("Your email address is verified.").waitFor();
  await verify.getByRole("button", { name: "Sign out" }).click();

  await verify.getByRole("link", { name: "Sign in" }).first().click();
  await verify.getByRole("link", { name: "Forgot your password?" }).click();
  await verify.getByLabel("Email address").fill(email);
  await verify.getByRole("button", { name: "Send the link" }).click();
  await verify.getByRole("heading", { name: "Look into your mailbox" }).waitFor();

  const reset = await follow(page, server, email, { subject: "Set a new", name: "Set a new password" });
  await reset.getByLabel("New password").fill(NEW_PASSWORD);
  await reset.getByRole("button", { name: "Set the password" }).click();
  await reset.getByText("Your new password is set.").waitFor();
  await reset.getByLabel("Email address").fill(email);
  await reset.getByLabel("Password", { exact: true }).fill(NEW_PASSWORD);
  await reset.getByRole("button", { name: "Sign in", exact: true }).click();
  await reset.getByRole("button", { name: "Sign out" }).waitFor();
});
