"use strict";

// The address holds the authorization code, which has been used: a reload shall begin anew.
if (location.search) {
  history.replaceState(null, "", location.pathname);
}

const signIn = document.getElementById("sign-in");
if (signIn) {
  location.replace(signIn.href);
}

const copy = document.getElementById("copy");
if (copy) {
  const code = document.getElementById("authentication-code");
  const copied = document.getElementById("copied");
  // Without script there is nothing to press.
  document.getElementById("copying").hidden = false;
  copy.addEventListener("click", async () => {
    code.select();
    try {
      await navigator.clipboard.writeText(code.value);
      copied.textContent = "Copied";
    } catch {
      // Without TLS browsers keep the clipboard from scripts; the selection can still be copied.
      copied.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C to copy";
    }
  });
}
