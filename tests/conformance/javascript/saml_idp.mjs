// samlify as identity provider: reads what a pool sends, verifies its signature, and answers it.
import { readFileSync } from 'node:fs'
import * as samlify from 'samlify'

samlify.setSchemaValidator({ validate: async () => 'not validated here' })
const { told, keys, pool, asked } = JSON.parse(readFileSync(0, 'utf8'))
const place = (name, location) => ({ Binding: `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${name}`, Location: location })
const { algorithms } = samlify.Constants
const issuer = 'https://samlify.example.com'

const idp = samlify.IdentityProvider({
  entityID: issuer,
  signingCert: keys.certificate,
  privateKey: keys.privateKey,
  wantAuthnRequestsSigned: true,
  wantLogoutRequestSigned: true,
  wantLogoutResponseSigned: true,
  isAssertionEncrypted: Boolean(pool?.encryptionCertificate),
  messageSigningOrder: 'encrypt-then-sign',
  requestSignatureAlgorithm: algorithms.signature.RSA_SHA256,
  dataEncryptionAlgorithm: algorithms.encryption.data.AES_256,
  keyEncryptionAlgorithm: algorithms.encryption.key.RSA_OAEP_MGF1P,
  nameIDFormat: ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
  singleSignOnService: [place('Redirect', `${issuer}/sso`)],
  singleLogoutService: [place('Redirect', `${issuer}/slo`)],
  loginResponseTemplate: { context: responseTemplate(), attributes: [] },
})

function responseTemplate() {
  return '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
    + 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{ID}" Version="2.0" IssueInstant="{Now}" '
    + 'Destination="{Acs}" InResponseTo="{InResponseTo}"><saml:Issuer>{Issuer}</saml:Issuer>'
    + '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
    + '<saml:Assertion ID="{AssertionID}" Version="2.0" IssueInstant="{Now}"><saml:Issuer>{Issuer}</saml:Issuer>'
    + '<saml:Subject><saml:NameID Format="{NameIDFormat}">{NameID}</saml:NameID>'
    + '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
    + '<saml:SubjectConfirmationData NotOnOrAfter="{Later}" Recipient="{Acs}" InResponseTo="{InResponseTo}"/>'
    + '</saml:SubjectConfirmation></saml:Subject>'
    + '<saml:Conditions NotBefore="{Now}" NotOnOrAfter="{Later}"><saml:AudienceRestriction>'
    + '<saml:Audience>{Audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>'
    + '<saml:AuthnStatement AuthnInstant="{Now}" SessionIndex="{AssertionID}"><saml:AuthnContext>'
    + '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>'
    + '</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email">'
    + '<saml:AttributeValue>{Email}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>'
    + '</saml:Assertion></samlp:Response>'
}

function partner() {
  return samlify.ServiceProvider({
    entityID: pool.entityId,
    authnRequestsSigned: true,
    wantAssertionsSigned: true,
    wantMessageSigned: true,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    signingCert: pool.signingCertificate,
    encryptCert: pool.encryptionCertificate ?? undefined,
    assertionConsumerService: [place('POST', pool.consumerUrl)],
    singleLogoutService: [place('POST', pool.signOutUrl)],
  })
}

function received() {
  const text = asked.split('?')[1]
  const query = Object.fromEntries(new URLSearchParams(text))
  return { query, octetString: text.split('&Signature=')[0] }
}

async function signIn() {
  const sp = partner()
  const request = received()
  const parsed = await idp.parseLoginRequest(sp, 'redirect', request)
  const now = new Date()
  const id = () => `_${crypto.randomUUID()}`
  const values = {
    ID: id(), AssertionID: id(), Issuer: issuer, Acs: pool.consumerUrl, Audience: pool.entityId,
    InResponseTo: parsed.extract.request.id, Now: now.toISOString(),
    Later: new Date(now.getTime() + 300_000).toISOString(),
    NameIDFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', NameID: 'mary', Email: 'mary@example.com',
  }
  const answer = await idp.createLoginResponse(sp, parsed, 'post', {}, {
    encryptThenSign: true,
    customTagReplacement: (template) => ({ id: values.ID, context: samlify.SamlLib.replaceTagsByValue(template, values) }),
  })
  return { SAMLResponse: answer.context, RelayState: request.query.RelayState, issuer: parsed.extract.issuer }
}

async function signOut() {
  const sp = partner()
  const request = received()
  const parsed = await idp.parseLogoutRequest(sp, 'redirect', request)
  const answer = await idp.createLogoutResponse(sp, parsed, 'post', { relayState: request.query.RelayState })
  return { SAMLResponse: answer.context, RelayState: request.query.RelayState, nameId: parsed.extract.nameID }
}

const answers = { metadata: async () => ({ metadata: idp.getMetadata() }), signIn, signOut }
console.log(JSON.stringify(await answers[told]()))
