// An app with aws-amplify's sign-in by redirect, unchanged but for the endpoint, in a browser.
import { Amplify } from "aws-amplify";
import "aws-amplify/auth/enable-oauth-listener";
import {
  fetchAuthSession, fetchUserAttributes, getCurrentUser, signInWithRedirect, signOut,
} from "aws-amplify/auth";
import { Hub } from "aws-amplify/utils";

const { settings } = JSON.parse(document.getElementById("settings").textContent);
Amplify.configure(settings);
const output = document.querySelector("output");

function say(words) {
  output.textContent = JSON.stringify(words);
}

async function tell() {
  try {
    const { username, signInDetails } = await getCurrentUser();
    const { tokens } = await fetchAuthSession();
    const { email } = await fetchUserAttributes();
    const refreshed = await fetchAuthSession({ forceRefresh: true });
    say({
      username, email, loginId: signInDetails?.loginId ?? null, issuer: tokens.idToken.payload.iss,
      isRefreshed: refreshed.tokens.accessToken.toString() !== tokens.accessToken.toString(),
    });
  } catch (error) {
    say({ error: error.name });
  }
}

Hub.listen("auth", ({ payload }) => {
  if (payload.event === "signInWithRedirect") tell();
  if (payload.event === "signInWithRedirect_failure") say({ error: payload.data.error.message });
});
document.getElementById("sign-in").onclick = () => signInWithRedirect();
document.getElementById("sign-out").onclick = () => signOut();
if (!new URLSearchParams(location.search).has("code")) tell();
