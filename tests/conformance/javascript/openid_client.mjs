// openid-client, a certified relying party, unchanged: code with PKCE (also pushed), userInfo, refresh,
// introspection and revocation for a person; client credentials for a machine.
import * as openid from 'openid-client'

const [issuer, clientId, clientSecret, redirectUri, username, password, scope] = process.argv.slice(2)
const insecure = { execute: [openid.allowInsecureRequests] }
const config = await openid.discovery(
  new URL(issuer), clientId, undefined, openid.ClientSecretBasic(clientSecret), insecure)

async function signIn(url, cookies) {
  const send = (where, more = {}) => fetch(where, {
    redirect: 'manual', ...more,
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...more.headers },
  })
  const keep = (answer) => {
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)
      value ? cookies.set(name, value) : cookies.delete(name)
    }
    return answer
  }
  let answer = keep(await send(url))
  const login = new URL(answer.headers.get('location'), url)
  if (login.origin !== url.origin) return login
  const page = await keep(await send(login)).text()
  const form = new URLSearchParams({ username, password })
  for (const [, name, value] of page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)) form.set(name, value)
  const action = /action="([^"]+)"/.exec(page)[1].replaceAll('&amp;', '&')
  answer = keep(await send(new URL(action, login), { method: 'POST', body: form }))
  return new URL(answer.headers.get('location'), login)
}

async function code(build, cookies, more = {}) {
  const verifier = openid.randomPKCECodeVerifier()
  const [state, nonce] = [openid.randomState(), openid.randomNonce()]
  const url = await build(config, {
    redirect_uri: redirectUri, scope: 'openid email', state, nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  })
  const returned = await signIn(url, cookies)
  return openid.authorizationCodeGrant(config, returned, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  }, undefined, more)
}

// The same with tokens that are bound to a key (DPoP): at the token endpoint, userInfo and for a refresh.
async function boundToAKey(cookies) {
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const tokens = await code(openid.buildAuthorizationUrl, cookies, { DPoP })
  const user = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP })
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
  return [tokens.token_type, refreshed.token_type, user.username]
}

if (username) {
  const cookies = new Map()
  const tokens = await code(openid.buildAuthorizationUrl, cookies)
  const user = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
  const pushed = await code(openid.buildAuthorizationUrlWithPAR, cookies)
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token)
  const before = await openid.tokenIntrospection(config, refreshed.access_token)
  await openid.tokenRevocation(config, tokens.refresh_token)
  const after = await openid.tokenIntrospection(config, refreshed.access_token)
  const logout = openid.buildEndSessionUrl(config, { id_token_hint: pushed.id_token, post_logout_redirect_uri: redirectUri })
  const bye = await fetch(logout, { redirect: 'manual' })
  console.log(JSON.stringify({
    username: user.username, before: before.active, after: after.active,
    sameUser: pushed.claims().sub === user.sub, bye: bye.headers.get('location'), bound: await boundToAKey(cookies),
  }))
} else {
  const tokens = await openid.clientCredentialsGrant(config, { scope })
  console.log(JSON.stringify({ type: tokens.token_type, expires: tokens.expires_in }))
}
