// The client libraries of Twilio and Cloudflare, unmodified, against this platform.
//   node conformance.mjs URL ACCOUNT AUTH_TOKEN
// Prints a line for each rule, then the credentials it made as one line of JSON. Exit code 1 when a rule does not hold.
// With a fourth argument, a number of bytes, it asks only whether the account's usage is that: exit code 0 or 1.
import assert from 'node:assert/strict'
import Cloudflare from 'cloudflare'
import twilio from 'twilio'

const [url, account, authToken, bytes] = process.argv.slice(2)
const connect = (user, secret, options = {}) => {
  const client = twilio(user, secret, options)
  client.api.baseUrl = url
  return client
}
const client = connect(account, authToken)
let failed = 0

async function rule(name, check) {
  try {
    await check()
    console.log(`ok      ${name}`)
  } catch (error) {
    failed++
    console.log(`failed  ${name}: ${error.stack}`)
  }
}

const refusal = async promise => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('was not refused')
}

if (bytes !== undefined) {
  const [record] = await client.usage.records.list({ category: 'turnmegabytes', limit: 1 })
  console.log(record.usage)
  process.exit(Math.round(Number(record.usage) * 1e6) === Number(bytes) ? 0 : 1)
}

const credentials = {}
await rule('twilio: tokens.create', async () => {
  const token = await client.tokens.create({ ttl: 3600 })
  assert.equal(token.ttl, '3600')
  assert.equal(token.accountSid, account)
  assert.ok(token.dateCreated instanceof Date && !Number.isNaN(token.dateCreated.getTime()))
  const turn = token.iceServers.find(server => server.urls.startsWith('turn:'))
  assert.deepEqual([turn.username, turn.credential, turn.url], [token.username, token.password, turn.urls])
  credentials.twilio = { username: token.username, credential: token.password }
})

await rule('twilio: a wrong auth token is error 20003', async () => {
  const error = await refusal(connect(account, 'wrong').tokens.create())
  assert.deepEqual([error.status, error.code, error.message], [401, 20003, 'Authenticate'])
})

await rule('twilio: a wrong ttl is error 20001 and names the field', async () => {
  const error = await refusal(client.tokens.create({ ttl: 0 }))
  assert.deepEqual([error.status, error.code], [400, 20001])
  assert.match(error.message, /Ttl must be from 1 to/)
})

await rule('twilio: usage.records.list', async () => {
  const records = await client.usage.records.list({ category: 'turnmegabytes', pageSize: 1 })
  assert.deepEqual(records.map(record => [record.category, record.usageUnit]), [['turnmegabytes', 'megabytes']])
})

for (const name of ['allTime', 'daily', 'lastMonth', 'monthly', 'thisMonth', 'today', 'yearly', 'yesterday']) {
  await rule(`twilio: usage.records.${name}.list`, async () => {
    const records = await client.usage.records[name].list({ category: 'turnmegabytes' })
    assert.ok(records.length > 0 && records.every(record => record.startDate <= record.endDate))
  })
}

await rule('twilio: the pages of usage.records.daily.list follow each other', async () => {
  const startDate = new Date(Date.now() - 9 * 86_400_000)
  const records = await client.usage.records.daily.list({ category: 'turnmegabytes', startDate, pageSize: 3 })
  assert.equal(new Set(records.map(record => `${record.startDate}`)).size, 10)
})

await rule('twilio: accounts, sub-account from beginning to end', async () => {
  const sub = await client.api.v2010.accounts.create({ friendlyName: 'conformance' })
  assert.equal(sub.ownerAccountSid, account)
  await connect(sub.sid, sub.authToken).tokens.create()
  assert.ok((await client.api.v2010.accounts.list({ friendlyName: 'conformance' })).some(one => one.sid === sub.sid))
  assert.equal((await client.api.v2010.accounts(sub.sid).fetch()).status, 'active')
  assert.equal((await client.api.v2010.accounts(sub.sid).update({ status: 'suspended' })).status, 'suspended')
  assert.equal((await refusal(connect(sub.sid, sub.authToken).tokens.create())).code, 20003)
  assert.equal((await client.api.v2010.accounts(sub.sid).update({ status: 'closed' })).status, 'closed')
})

await rule('twilio: keys, from beginning to end', async () => {
  const key = await client.newKeys.create({ friendlyName: 'conformance' })
  await connect(key.sid, key.secret, { accountSid: account }).tokens.create()
  assert.ok((await client.keys.list()).some(one => one.sid === key.sid))
  assert.equal((await client.keys(key.sid).fetch()).friendlyName, 'conformance')
  assert.equal(await client.keys(key.sid).remove(), true)
  const error = await refusal(client.keys(key.sid).fetch())
  assert.deepEqual([error.status, error.code], [404, 20404])
})

const post = async (path, token, body) => {
  const response = await fetch(`${url}/v1/turn/keys/${path}`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  })
  return { status: response.status, body: response.status === 204 ? null : await response.json() }
}

const admin = await client.newKeys.create({ friendlyName: 'cloudflare' })
const cloudflare = new Cloudflare({ apiToken: `${admin.sid}.${admin.secret}`, baseURL: `${url}/client/v4`, maxRetries: 0 })
let key
await rule('cloudflare: calls.turn.create, list, get, update', async () => {
  key = await cloudflare.calls.turn.create({ account_id: account, name: 'conformance' })
  assert.ok(key.uid && key.key && key.created)
  const listed = []
  for await (const one of cloudflare.calls.turn.list({ account_id: account })) listed.push(one)
  assert.ok(listed.some(one => one.uid === key.uid && one.key === undefined))
  assert.equal((await cloudflare.calls.turn.get(key.uid, { account_id: account })).name, 'conformance')
  assert.equal((await cloudflare.calls.turn.update(key.uid, { account_id: account, name: 'renamed' })).name, 'renamed')
})

await rule('cloudflare: generate-ice-servers', async () => {
  const { status, body } = await post(`${key.uid}/credentials/generate-ice-servers`, key.key, { ttl: 600, customIdentifier: 'user4523958' })
  const turn = body.iceServers.find(server => server.username)
  assert.deepEqual([status, turn.urls.some(uri => uri.startsWith('turn:'))], [201, true])
  credentials.cloudflare = { username: turn.username, credential: turn.credential }
})

await rule('cloudflare: generate answers one server; its credential is revoked', async () => {
  const { status, body } = await post(`${key.uid}/credentials/generate`, key.key, { ttl: 600 })
  assert.deepEqual([status, Array.isArray(body.iceServers.urls)], [201, true])
  assert.equal((await post(`${key.uid}/credentials/${encodeURIComponent(body.iceServers.username)}/revoke`, key.key)).status, 204)
  credentials.revoked = { username: body.iceServers.username, credential: body.iceServers.credential }
})

await rule('cloudflare: a wrong token and a wrong ttl are refused', async () => {
  assert.equal((await post(`${key.uid}/credentials/generate-ice-servers`, 'wrong', { ttl: 600 })).status, 401)
  assert.equal((await post(`${key.uid}/credentials/generate-ice-servers`, key.key, { ttl: 10_000_000 })).status, 400)
})

await rule('cloudflare: calls.turn.delete ends the key, and a missing one is a NotFoundError', async () => {
  const doomed = await cloudflare.calls.turn.create({ account_id: account, name: 'doomed' })
  await cloudflare.calls.turn.delete(doomed.uid, { account_id: account })
  assert.ok(await refusal(cloudflare.calls.turn.get(doomed.uid, { account_id: account })) instanceof Cloudflare.NotFoundError)
})

console.log(JSON.stringify(credentials))
process.exit(failed === 0 ? 0 : 1)
