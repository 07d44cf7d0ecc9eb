// @ts-check
/**
 * Passkeys: forms marked `data-passkey="add"` or `"use"` ask the browser before they are sent.
 * The challenge stands in #passkey-options, or comes from the form's own address (signing in without a name).
 */

const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"));
for (const form of forms) {
  if ("PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send(form);
    });
  } else {
    tell(form, "This browser does not know passkeys.");
  }
}

/** @param {HTMLFormElement} form */
async function send(form) {
  tell(form, "");
  try {
    const credential = await ask(form);
    const field = form.elements.namedItem("credential");
    if (!credential || !(field instanceof HTMLInputElement)) throw new Error("no credential");
    field.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    tell(form, words(error));
  }
}

/**
 * @param {HTMLFormElement} form
 * @returns {Promise<PublicKeyCredential | null>}
 */
async function ask(form) {
  const options = await challenge(form);
  const credential =
    form.dataset.passkey === "add"
      ? await navigator.credentials.create({ publicKey: creation(options.creation_options.publicKey) })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.request_options.publicKey),
        });
  return credential instanceof PublicKeyCredential ? credential : null;
}

/**
 * A passkey, not just a second factor: kept by the device, and opened by finger, face or PIN.
 * @param {PublicKeyCredentialCreationOptionsJSON} options
 */
function creation(options) {
  return PublicKeyCredential.parseCreationOptionsFromJSON({
    ...options,
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
  });
}

/** @param {HTMLFormElement} form */
async function challenge(form) {
  const here = document.getElementById("passkey-options");
  if (here) return JSON.parse(here.textContent ?? "");
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no challenge");
  return answer.json();
}

/** @param {unknown} error */
function words(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return "This device has a passkey for you already.";
  if (name === "NotAllowedError") return "Nothing happened: the request was closed, or it took too long. Try again.";
  if (name === "SecurityError") return "Passkeys need a secure connection (https) to this address.";
  return "That did not work. Try again, or use another way.";
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function tell(form, text) {
  const place = document.getElementById(`${form.id}-problem`);
  if (!place) return;
  place.textContent = text;
  place.hidden = text === "";
}
