// A device that was forgotten elsewhere: amazon-cognito-identity-js drops its key by itself and starts again.
// Arguments: endpoint, user pool id, client id, username, password.
import cognito from "amazon-cognito-identity-js";
import { tell } from "./surroundings.mjs";

const [endpoint, UserPoolId, ClientId, Username, Password] = process.argv.slice(2);
const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint });
const user = new cognito.CognitoUser({ Username, Pool: pool });

const handled = (call) =>
  new Promise((onSuccess, onFailure) => call({ onSuccess, onFailure }));
const signIn = async () => {
  const details = new cognito.AuthenticationDetails({ Username, Password });
  const session = await handled((handlers) => user.authenticateUser(details, handlers));
  return session.getAccessToken().payload.device_key;
};

await tell(async (told) => {
  const deviceKey = await signIn();
  told.same_device = (await signIn()) === deviceKey;
  await handled((handlers) => user.forgetSpecificDevice(deviceKey, handlers));
  told.same_device_after = (await signIn()) === deviceKey;
});
