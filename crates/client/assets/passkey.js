// Passkeys: signing in with one, and adding one. Their forms stay hidden in browsers that have none.

/** A refusal of the API, by its code. */
class Refusal extends Error {}

const post = async (path, body) => {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(path, { method: "POST", ...json });
  const answer = await reply.json();
  if (!reply.ok) throw new Refusal(answer.code);
  return answer;
};

const signIn = async () => {
  const { publicKey } = await post("/api/users/signin/passkey/options");
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  await post("/api/users/signin/passkey", await navigator.credentials.get({ publicKey: options }));
};

const add = async (form) => {
  const { publicKey } = await post("/api/users/passkeys/options");
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
  const credential = await navigator.credentials.create({ publicKey: options });
  await post("/api/users/passkeys", { name: form.elements.name.value, credential });
};

/** The text for what went wrong: a refusal of the API, or an error of the browser (WebAuthn sections 5.1.3 and 5.1.4). */
const explain = (error, texts) => {
  if (error instanceof Refusal) {
    const refusals = {
      "invalid-credentials": texts.refused,
      "not-valid": texts.refused,
      "too-many-passkeys": texts.full,
    };
    return refusals[error.message] ?? texts.failed;
  }
  if (error.name === "NotAllowedError") return texts.canceled;
  if (error.name === "InvalidStateError") return texts.again;
  // Passkeys belong to a name, and this page was opened at an IP address.
  if (error.name === "SecurityError") {
    const named = new URL(location.href);
    named.hostname = "localhost";
    return texts.elsewhere.replace("{address}", named.origin);
  }
  return texts.failed;
};

if (window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  for (const hint of document.querySelectorAll("[data-without-passkeys]")) hint.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[role=alert]");
    const button = form.querySelector("button");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.hasAttribute("aria-busy")) return;
      problem.hidden = true;
      button.setAttribute("aria-busy", "true");
      try {
        await (form.dataset.passkey === "add" ? add(form) : signIn());
        location.assign(form.dataset.next);
      } catch (error) {
        if (error.message === "reauthentication-required") {
          location.assign("/account/security?confirm");
          return;
        }
        problem.textContent = explain(error, form.dataset);
        problem.hidden = false;
        button.removeAttribute("aria-busy");
      }
    });
  }
}
