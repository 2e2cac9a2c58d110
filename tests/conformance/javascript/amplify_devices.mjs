// A device that aws-amplify remembers stands for the second factor until it is forgotten.
// Arguments: endpoint, user pool id, client id, username, password.
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { Person, tell } from "./surroundings.mjs";

const [endpoint, userPoolId, userPoolClientId, username, password] = process.argv.slice(2);
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: endpoint } } });
const person = new Person(endpoint, userPoolId, "");

await tell(async (told) => {
  told.signed_in = (await auth.signIn({ username, password })).isSignedIn;
  const app = await auth.setUpTOTP();
  await auth.verifyTOTPSetup({ code: await person.totp(app.sharedSecret) });
  await auth.updateMFAPreference({ totp: "PREFERRED" });
  await auth.rememberDevice();
  told.devices = (await auth.fetchDevices()).length;
  await auth.signOut();
  told.signed_in_on_device = (await auth.signIn({ username, password })).isSignedIn;
  const tokens = (await auth.fetchAuthSession({ forceRefresh: true })).tokens;
  told.names_the_device = tokens.accessToken.payload.device_key === (await auth.fetchDevices())[0].id;
  await auth.forgetDevice();
  await auth.signOut();
  told.asked_elsewhere = (await auth.signIn({ username, password })).nextStep.signInStep;
  const code = await person.totp(app.sharedSecret);
  told.signed_in_with_totp = (await auth.confirmSignIn({ challengeResponse: code })).isSignedIn;
});
