// A person's way through an app made with amazon-cognito-identity-js.
// Arguments: endpoint, user pool id, client id.
import cognito from "amazon-cognito-identity-js";
import { Person, tell } from "./surroundings.mjs";

const [endpoint, UserPoolId, ClientId] = process.argv.slice(2);
const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint });
const Username = "irene";
const email = "irene@example.com";
const [first, second, third] = ["First-Horse-1", "Second-Horse-2", "Third-Horse-3"];
const person = new Person(endpoint, UserPoolId, email);
const user = new cognito.CognitoUser({ Username, Pool: pool });

// Calls a method that takes a node callback at its end.
const called = (object, method, ...given) =>
  new Promise((resolve, reject) =>
    object[method](...given, (error, value) => (error ? reject(error) : resolve(value))),
  );
// Calls a method that takes an object of handlers at its end.
const handled = (method, ...given) =>
  new Promise((resolve, reject) => {
    const handlers = {
      onSuccess: (value) => resolve({ done: value }),
      onFailure: reject,
      associateSecretCode: (secret) => resolve({ secret }),
      totpRequired: (name) => resolve({ asked: name }),
      mfaRequired: (name) => resolve({ asked: name }),
      inputVerificationCode: (delivery) => resolve({ delivery }),
    };
    user[method](...given, handlers);
  });
// The kind of factor comes after the handlers.
const answerTotp = (code) =>
  new Promise((resolve, reject) =>
    user.sendMFACode(
      code,
      { onSuccess: (session) => resolve({ done: session }), onFailure: reject },
      "SOFTWARE_TOKEN_MFA",
    ),
  );
const signIn = (Password) =>
  handled("authenticateUser", new cognito.AuthenticationDetails({ Username, Password }));

await tell(async (told) => {
  const attribute = new cognito.CognitoUserAttribute({ Name: "email", Value: email });
  const signedUp = await called(pool, "signUp", Username, first, [attribute], null);
  told.confirmed_at_once = signedUp.userConfirmed;
  told.delivery = signedUp.codeDeliveryDetails;
  told.confirmed = await called(user, "confirmRegistration", await person.code(), false);
  told.signed_in = (await signIn(first)).done.isValid();

  const { secret } = await handled("associateSoftwareToken");
  await handled("verifySoftwareToken", await person.totp(secret), "Irene's phone");
  told.preferred = await called(user, "setUserMfaPreference", null, { Enabled: true, PreferredMfa: true });
  await called(user, "changePassword", first, second);
  told.asked = (await signIn(second)).asked;
  told.signed_in_with_totp = (await answerTotp(await person.totp(secret))).done.isValid();
  told.mfa = await called(user, "getUserData").then((found) => found.UserMFASettingList);
  told.turned_off = await called(user, "setUserMfaPreference", null, { Enabled: false, PreferredMfa: false });

  told.updated = await called(user, "updateAttributes", [{ Name: "nickname", Value: "Ira" }]);
  const attributes = await called(user, "getUserAttributes");
  told.attributes = Object.fromEntries(attributes.map((found) => [found.Name, found.Value]));
  await handled("globalSignOut");
  told.reset = (await handled("forgotPassword")).delivery.CodeDeliveryDetails.Destination;
  await handled("confirmPassword", await person.code(), third);
  told.refused = await signIn(second).then(() => null, (error) => error.code);
  told.signed_in_after_reset = (await signIn(third)).done.isValid();
  told.deleted = await called(user, "deleteUser");
  told.gone = await signIn(third).then(() => null, (error) => error.code);
});
