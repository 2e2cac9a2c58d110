// A custom sign-in with amazon-cognito-identity-js, with the password first and without.
// Arguments: endpoint, user pool id, client id, username, password, answer.
import cognito from "amazon-cognito-identity-js";
import { tell } from "./surroundings.mjs";

const [endpoint, UserPoolId, ClientId, Username, Password, answer] = process.argv.slice(2);

function signIn(flow, answers) {
  const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint });
  const user = new cognito.CognitoUser({ Username, Pool: pool });
  const asked = [];
  return new Promise((resolve) => {
    const handlers = {
      onSuccess: (session) => resolve({ asked, valid: session.isValid() }),
      onFailure: (error) => resolve({ asked, refused: error.code, message: error.message }),
      customChallenge: (parameters) => {
        asked.push(parameters.question);
        user.sendCustomChallengeAnswer(answers.shift(), handlers);
      },
    };
    user.setAuthenticationFlowType("CUSTOM_AUTH");
    const details = { Username, ...(flow === "password first" ? { Password } : {}) };
    const begin = flow === "password first" ? "authenticateUser" : "initiateAuth";
    user[begin](new cognito.AuthenticationDetails(details), handlers);
  });
}

await tell(async (told) => {
  told.without_password = await signIn("no password", [answer]);
  told.second_try = await signIn("no password", ["41", answer]);
  told.password_first = await signIn("password first", [answer]);
  told.worn_out = await signIn("no password", ["1", "2", "3"]);
});
