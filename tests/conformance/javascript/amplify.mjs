// A person's way through an app made with aws-amplify: sign-up to the deletion of the account.
// Arguments: endpoint, user pool id, client id.
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { Person, tell } from "./surroundings.mjs";

const [endpoint, userPoolId, userPoolClientId] = process.argv.slice(2);
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: endpoint } } });
const username = "amelia";
const email = "amelia@example.com";
const [first, second, third] = ["First-Horse-1", "Second-Horse-2", "Third-Horse-3"];
const person = new Person(endpoint, userPoolId, email);

await tell(async (told) => {
  const signedUp = await auth.signUp({
    username,
    password: first,
    options: { userAttributes: { email, name: "Amelia" }, autoSignIn: { authFlowType: "USER_SRP_AUTH" } },
  });
  told.after_sign_up = signedUp.nextStep.signUpStep;
  told.delivery = signedUp.nextStep.codeDeliveryDetails;
  const confirmed = await auth.confirmSignUp({ username, confirmationCode: await person.code() });
  told.after_confirmation = confirmed.nextStep.signUpStep;
  told.auto_signed_in = (await auth.autoSignIn()).isSignedIn;
  const { tokens } = await auth.fetchAuthSession();
  told.claims = { username: tokens.accessToken.payload.username, email: tokens.idToken.payload.email };
  told.current = (await auth.getCurrentUser()).username;
  told.attributes = await auth.fetchUserAttributes();

  const app = await auth.setUpTOTP();
  told.setup_uri = app.getSetupUri("Poolgate", username).href;
  await auth.verifyTOTPSetup({ code: await person.totp(app.sharedSecret) });
  await auth.updateMFAPreference({ totp: "PREFERRED" });
  told.mfa = await auth.fetchMFAPreference();
  await auth.updatePassword({ oldPassword: first, newPassword: second });
  await auth.signOut();
  told.signed_out = !(await auth.fetchAuthSession()).tokens;

  const asked = await auth.signIn({ username, password: second });
  told.asked_for = asked.nextStep.signInStep;
  const answered = await auth.confirmSignIn({ challengeResponse: await person.totp(app.sharedSecret) });
  told.signed_in_with_totp = answered.isSignedIn;
  await auth.updateMFAPreference({ totp: "DISABLED" });

  const updated = await auth.updateUserAttributes({ userAttributes: { name: "Amy", email: "amy@example.com" } });
  told.updated = { name: updated.name.isUpdated, email: updated.email.nextStep.updateAttributeStep };
  person.address = "amy@example.com";
  await auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: await person.code() });
  told.changed_attributes = await auth.fetchUserAttributes();
  const before = (await auth.fetchAuthSession()).tokens.accessToken.payload;
  const after = (await auth.fetchAuthSession({ forceRefresh: true })).tokens.accessToken.payload;
  told.refreshed = before.jti !== after.jti && before.origin_jti === after.origin_jti;

  await auth.signOut({ global: true });
  const reset = await auth.resetPassword({ username });
  told.reset = reset.nextStep.resetPasswordStep;
  await auth.confirmResetPassword({ username, confirmationCode: await person.code(), newPassword: third });
  told.refused = await auth.signIn({ username, password: second }).then(() => null, (error) => error.name);
  told.signed_in_after_reset = (await auth.signIn({ username, password: third })).isSignedIn;
  await auth.deleteUser();
  told.deleted = await auth.signIn({ username, password: third }).then(() => null, (error) => error.name);
});
