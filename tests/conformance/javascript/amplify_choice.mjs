// Custom sign-ins, sign-ins by choice and codes instead of passwords with aws-amplify.
// Arguments: endpoint, user pool id, client id, username, password, e-mail address, answer.
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { Person, tell } from "./surroundings.mjs";

const [endpoint, userPoolId, userPoolClientId, username, password, email, answer] = process.argv.slice(2);
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: endpoint } } });
const person = new Person(endpoint, userPoolId, email);

await tell(async (told) => {
  const custom = await auth.signIn({ username, options: { authFlowType: "CUSTOM_WITHOUT_SRP" } });
  told.custom = custom.nextStep;
  told.custom_done = (await auth.confirmSignIn({ challengeResponse: answer })).isSignedIn;
  await auth.signOut();
  const after = await auth.signIn({ username, password, options: { authFlowType: "CUSTOM_WITH_SRP" } });
  told.after_password = after.nextStep.signInStep;
  told.after_password_done = (await auth.confirmSignIn({ challengeResponse: answer })).isSignedIn;
  await auth.signOut();

  const open = await auth.signIn({ username, options: { authFlowType: "USER_AUTH" } });
  told.choice = open.nextStep;
  const chosen = await auth.confirmSignIn({ challengeResponse: "EMAIL_OTP" });
  told.chosen = chosen.nextStep;
  told.chosen_done = (await auth.confirmSignIn({ challengeResponse: await person.code() })).isSignedIn;
  await auth.signOut();
  await person.wait(60);

  const preferred = { authFlowType: "USER_AUTH", preferredChallenge: "EMAIL_OTP" };
  told.preferred = (await auth.signIn({ username, options: preferred })).nextStep.signInStep;
  told.preferred_done = (await auth.confirmSignIn({ challengeResponse: await person.code() })).isSignedIn;
  await auth.signOut();

  const bySrp = { authFlowType: "USER_AUTH", preferredChallenge: "PASSWORD_SRP" };
  told.srp_done = (await auth.signIn({ username, password, options: bySrp })).isSignedIn;
  await auth.signOut();
  const byPassword = { authFlowType: "USER_AUTH", preferredChallenge: "PASSWORD" };
  told.password_done = (await auth.signIn({ username, password, options: byPassword })).isSignedIn;
  await auth.signOut();

  // Nobody needs a password here: sign-up by code goes on as a sign-in.
  person.address = "newcomer@example.com";
  await auth.signUp({
    username: "newcomer",
    options: { userAttributes: { email: person.address }, autoSignIn: { authFlowType: "USER_AUTH" } },
  });
  const confirmed = await auth.confirmSignUp({ username: "newcomer", confirmationCode: await person.code() });
  told.newcomer = confirmed.nextStep.signUpStep;
  const followed = await auth.autoSignIn();
  told.newcomer_step = followed.nextStep;
  told.newcomer_done = followed.isSignedIn;
});
