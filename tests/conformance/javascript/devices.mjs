// Signs a user in on one device again and again with amazon-cognito-identity-js, and prints what happened as one
// line of JSON. Arguments: endpoint, user pool id, client id, username, password, a code of the authenticator app.
import cognito from "amazon-cognito-identity-js";

const [endpoint, UserPoolId, ClientId, Username, Password, code] = process.argv.slice(2);
const kept = new Map();
const Storage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
  clear: () => kept.clear(),
};
const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint, Storage });

// Signs in; without a code it stops where one is asked for.
function signIn(user, mfaCode) {
  return new Promise((resolve, reject) => {
    const told = { challenges: [] };
    const answers = {
      onSuccess: (session, mustBeAsked = false) => resolve({ ...told, session, mustBeAsked }),
      onFailure: reject,
      totpRequired: (name) => {
        told.challenges.push(name);
        return mfaCode ? user.sendMFACode(mfaCode, answers, name) : resolve(told);
      },
    };
    user.authenticateUser(new cognito.AuthenticationDetails({ Username, Password }), answers);
  });
}

const newUser = () => new cognito.CognitoUser({ Username, Pool: pool, Storage });
const asked = (call) =>
  new Promise((onSuccess, onFailure) => call({ onSuccess, onFailure }));
const deviceKeyOf = (session) => session.getAccessToken().payload.device_key;

try {
  const first = newUser();
  const enrolled = await signIn(first, code);
  await asked((answers) => first.setDeviceStatusRemembered(answers));

  const second = newUser();
  const again = await signIn(second);
  const device = await asked((answers) => second.getDevice(answers));
  const listed = await asked((answers) => second.listDevices(10, null, answers));
  const refreshed = await new Promise((resolve, reject) =>
    second.refreshSession(again.session.getRefreshToken(), (error, session) =>
      error ? reject(error) : resolve(session),
    ),
  );

  // The device is forgotten and does not know it: the client drops its key by itself.
  await asked((answers) => second.forgetSpecificDevice(deviceKeyOf(again.session), answers));
  const forgotten = await signIn(newUser());

  console.log(
    JSON.stringify({
      first: enrolled.challenges,
      must_be_asked: enrolled.mustBeAsked,
      second: again.challenges,
      device_keys: [enrolled, again].map((each) => deviceKeyOf(each.session)),
      refreshed_device_key: deviceKeyOf(refreshed),
      shown_device_key: device.Device.DeviceKey,
      listed_devices: listed.Devices.length,
      forgotten: forgotten.challenges,
    }),
  );
} catch (error) {
  console.log(JSON.stringify({ error: error.name, code: error.code, message: error.message }));
}
