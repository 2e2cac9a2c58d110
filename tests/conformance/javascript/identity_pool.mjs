// Keys of an identity pool with aws-amplify and with the credential provider of AWS's SDK.
// Arguments: endpoint, user pool id, client id, identity pool id, provider, username, password.
import { fromCognitoIdentityPool } from "@aws-sdk/credential-providers";
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { tell } from "./surroundings.mjs";

const [endpoint, userPoolId, userPoolClientId, identityPoolId, provider, username, password] = process.argv.slice(2);
Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId,
      userPoolClientId,
      userPoolEndpoint: endpoint,
      identityPoolId,
      identityPoolEndpoint: endpoint,
      allowGuestAccess: true,
    },
  },
});

await tell(async (told) => {
  told.guest = await auth.fetchAuthSession();
  await auth.signIn({ username, password });
  const member = await auth.fetchAuthSession();
  told.member = member;
  told.refreshed = await auth.fetchAuthSession({ forceRefresh: true });

  const settings = { identityPoolId, clientConfig: { endpoint, region: identityPoolId.split(":")[0] } };
  const logins = { [provider]: member.tokens.idToken.toString() };
  told.by_provider = await fromCognitoIdentityPool({ ...settings, logins })();
  told.guest_by_provider = await fromCognitoIdentityPool({ ...settings })();
  const forged = { [provider]: `${logins[provider].slice(0, -8)}AAAAAAAA` };
  const refused = fromCognitoIdentityPool({ ...settings, logins: forged })();
  told.refused = await refused.then(() => null, (error) => error.name);
});
