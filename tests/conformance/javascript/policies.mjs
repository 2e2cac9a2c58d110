// Decides requests with @cloud-copilot/iam-simulate: a list of them as JSON at the standard input.
import { readFileSync } from 'node:fs'
import { loadPolicy } from '@cloud-copilot/iam-policy'
// Its public functions want actions and context keys that its catalogue knows; the engine does not.
const engine = './node_modules/@cloud-copilot/iam-simulate/dist/esm/'
const { authorize } = await import(`${engine}core_engine/CoreSimulatorEngine.js`)
const { AwsRequestImpl } = await import(`${engine}request/request.js`)
const { RequestContextImpl } = await import(`${engine}requestContext.js`)
const { DiscoveryContextKeyConstraints } = await import(
  `${engine}context_keys/discoveryContextKeyConstraints.js`
)

const named = (policy, name) => loadPolicy(policy, { name })
const anything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }
const organisation = [{ orgIdentifier: 'r-root', policies: [named(anything, 'everything')] }]

function decided(asked) {
  const resource = { resource: asked.resource, accountId: asked.owner }
  const context = new RequestContextImpl(asked.context)
  return authorize({
    request: new AwsRequestImpl(asked.principal, resource, asked.action, context),
    sessionPolicy: asked.session ? named(asked.session, 'session') : undefined,
    identityPolicies: asked.identity.map((policy, position) => named(policy, `own ${position}`)),
    serviceControlPolicies: organisation,
    resourceControlPolicies: organisation,
    resourcePolicy: asked.resourcePolicy ? named(asked.resourcePolicy, 'resource') : undefined,
    permissionBoundaries: asked.boundary ? [named(asked.boundary, 'boundary')] : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: 'Strict',
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
    },
    serviceSettings: { s3: {} },
  }).result
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(decided)))
