"use strict";

// A form with data-passkey is sent once the browser has made a passkey ("create") or used one
// ("get"); what the browser answers goes along in the field `credential`. What went wrong is said
// by the texts that the form carries: data-cancelled, data-known, data-unsupported, data-failed.
const CEREMONIES = {
  create: (options) =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    }),
  get: (options) =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    }),
};
const TOLD = {
  // No answer, or the person's "no": the browser does not tell them apart.
  NotAllowedError: "cancelled",
  AbortError: "cancelled",
  InvalidStateError: "known",
  NotSupportedError: "unsupported",
};

function isSupported() {
  return (
    typeof PublicKeyCredential === "function" &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  );
}

function say(form, text) {
  const place = form.querySelector("[role=alert]");
  place.textContent = text;
  place.hidden = !text;
}

async function perform(event) {
  const form = event.currentTarget;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  say(form, "");
  if (!isSupported()) {
    say(form, form.dataset.unsupported);
    return;
  }
  button.setAttribute("aria-disabled", "true");
  try {
    const credential = await CEREMONIES[form.dataset.passkey](JSON.parse(form.dataset.options));
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    say(form, form.dataset[TOLD[error.name] || "failed"]);
    button.removeAttribute("aria-disabled");
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", perform);
}
