// A device that amazon-cognito-identity-js remembers stands for the second factor until it is forgotten.
// Arguments: endpoint, user pool id, client id, username, password.
import cognito from "amazon-cognito-identity-js";
import { Person, tell } from "./surroundings.mjs";

const [endpoint, UserPoolId, ClientId, Username, Password] = process.argv.slice(2);
const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint });
const user = new cognito.CognitoUser({ Username, Pool: pool });
const person = new Person(endpoint, UserPoolId, "");

const handled = (call) =>
  new Promise((resolve, reject) =>
    call({
      onSuccess: (value, necessary) => resolve({ done: value, necessary }),
      onFailure: reject,
      associateSecretCode: (secret) => resolve({ secret }),
      totpRequired: (name) => resolve({ asked: name }),
    }),
  );
const signIn = () => {
  const details = new cognito.AuthenticationDetails({ Username, Password });
  return handled((handlers) => user.authenticateUser(details, handlers));
};
const devices = async () => {
  const listed = await handled((handlers) => user.listDevices(10, null, handlers));
  return listed.done.Devices.map((device) => device.DeviceKey === user.deviceKey);
};

await tell(async (told) => {
  told.person_decides = (await signIn()).necessary;
  const { secret } = await handled((handlers) => user.associateSoftwareToken(handlers));
  const code = await person.totp(secret);
  await handled((handlers) => user.verifySoftwareToken(code, "phone", handlers));
  await new Promise((resolve, reject) =>
    user.setUserMfaPreference(null, { Enabled: true, PreferredMfa: true }, (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  told.remembered = (await handled((handlers) => user.setDeviceStatusRemembered(handlers))).done;
  told.devices = await devices();
  const again = await signIn();
  told.asked_on_device = again.asked ?? null;
  told.still_valid = again.done.isValid();
  told.refreshed = await new Promise((resolve, reject) =>
    user.refreshSession(again.done.getRefreshToken(), (error, session) =>
      error ? reject(error) : resolve(session.isValid()),
    ),
  );
  told.forgotten = (await handled((handlers) => user.forgetDevice(handlers))).done;
  told.asked_elsewhere = (await signIn()).asked;
});
