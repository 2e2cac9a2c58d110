// Signs a user in by SRP with amazon-cognito-identity-js and prints what happened as one line of JSON.
// Arguments: endpoint, user pool id, client id, username, password, [new password].
import cognito from "amazon-cognito-identity-js";

const [endpoint, UserPoolId, ClientId, Username, Password, newPassword] = process.argv.slice(2);
const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint });
const user = new cognito.CognitoUser({ Username, Pool: pool });
const challenges = [];

function tokens(session) {
  return {
    id_token: session.getIdToken().getJwtToken(),
    access_token: session.getAccessToken().getJwtToken(),
    refresh_token: session.getRefreshToken().getToken(),
  };
}

function refreshed(session) {
  return new Promise((resolve, reject) => {
    user.refreshSession(session.getRefreshToken(), (error, again) =>
      error ? reject(error) : resolve(again),
    );
  });
}

function attributes() {
  return new Promise((resolve, reject) => {
    user.getUserAttributes((error, found) =>
      error ? reject(error) : resolve(Object.fromEntries(found.map((a) => [a.Name, a.Value]))),
    );
  });
}

try {
  const session = await new Promise((resolve, reject) => {
    const answers = {
      onSuccess: resolve,
      onFailure: reject,
      newPasswordRequired: () => {
        challenges.push("NEW_PASSWORD_REQUIRED");
        if (!newPassword) {
          reject(new Error("a new password is required and none was given"));
          return;
        }
        user.completeNewPasswordChallenge(newPassword, {}, answers);
      },
    };
    user.authenticateUser(new cognito.AuthenticationDetails({ Username, Password }), answers);
  });
  const told = { challenges, ...tokens(session), attributes: await attributes() };
  told.refreshed_access_token = (await refreshed(session)).getAccessToken().getJwtToken();
  console.log(JSON.stringify(told));
} catch (error) {
  console.log(JSON.stringify({ challenges, error: error.name, code: error.code, message: error.message }));
}
