// Verifies tokens with aws-jwt-verify and prints one line of JSON: a list of "accepted" or the class of the error.
// Standard input: {"user_pool_id", "client_id", "jwks", "tokens": [{"token", "token_use"}], "now": [epoch seconds]}.
import { readFileSync } from "node:fs";
import { CognitoJwtVerifier } from "aws-jwt-verify";

const asked = JSON.parse(readFileSync(0, "utf8"));
if (asked.now) {
  Date.now = () => asked.now * 1000;
}
const verdicts = [];
for (const { token, token_use } of asked.tokens) {
  const verifier = CognitoJwtVerifier.create({
    userPoolId: asked.user_pool_id,
    clientId: asked.client_id,
    tokenUse: token_use,
  });
  verifier.cacheJwks(asked.jwks);
  try {
    verifier.verifySync(token);
    verdicts.push("accepted");
  } catch (error) {
    verdicts.push(error.constructor.name);
  }
}
console.log(JSON.stringify(verdicts));
