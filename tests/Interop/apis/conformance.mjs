// The client libraries of Twilio and Cloudflare, unmodified, and curl as clients of Metered and of the REST form call, against this platform.
//   node conformance.mjs URL ACCOUNT AUTH_TOKEN
// Prints a line for each rule, then the credentials it made as one line of JSON. Exit code 1 when a rule does not hold.
// With a fourth argument, a number of bytes, it asks only whether the account's usage is that: exit code 0 or 1.
// Callbacks come to a server in this process, so the platform must be allowed to call private addresses (Gateway:AllowPrivateCallbacks);
// Metered's clients send keys in addresses (Gateway:AcceptKeysInAddresses).
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import Cloudflare from 'cloudflare'
import { Webhook } from 'standardwebhooks'
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

await rule('twilio: a token as it goes over the wire: 201, texts, one URI in each server, for pages of any origin', async () => {
  const response = await fetch(`${url}/2010-04-01/Accounts/${account}/Tokens.json`, {
    method: 'POST', headers: { authorization: `Basic ${btoa(`${account}:${authToken}`)}`, origin: 'https://page.example' },
  })
  const body = await response.json()
  assert.deepEqual([response.status, response.headers.get('access-control-allow-origin'), body.ttl, body.account_sid], [201, '*', '86400', account])
  assert.match(body.date_created, /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/)
  assert.ok(body.ice_servers.every(server => typeof server.urls === 'string' && server.url === server.urls))
  assert.ok(body.ice_servers.filter(server => /^turns?:/.test(server.urls)).every(server => server.credential === body.password))
})

await rule('twilio: what is not there is error 20404, another method 20004, JSON in place of a form 20415', async () => {
  const ask = async (method, path, body) => {
    const response = await fetch(`${url}/2010-04-01/Accounts/${account}${path}`, {
      method, headers: { authorization: `Basic ${btoa(`${account}:${authToken}`)}`, ...(body && { 'content-type': 'application/json' }) }, body,
    })
    const error = await response.json()
    assert.equal(error.status, response.status)
    assert.ok(error.message && error.more_info)
    return [response.status, error.code]
  }
  assert.deepEqual(await ask('GET', '/Calls.json'), [404, 20404])
  assert.deepEqual(await ask('DELETE', '/Tokens.json'), [405, 20004])
  assert.deepEqual(await ask('POST', '/Tokens.json', '{}'), [415, 20415])
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

await rule('twilio: every field of a usage record, and the category of a region', async () => {
  const [record] = await client.usage.records.list({ category: 'turnmegabytes-local', startDate: new Date(Date.now() - 30 * 86_400_000), includeSubaccounts: false, limit: 1 })
  assert.deepEqual([record.accountSid, record.apiVersion, record.category, record.countUnit, record.usageUnit, record.priceUnit], [account, '2010-04-01', 'turnmegabytes-local', 'sessions', 'megabytes', 'usd'])
  for (const number of [record.count, record.usage, record.price]) assert.ok(Number.isFinite(Number(number)), `${number} is no number`)
  assert.match(record.asOf, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
  assert.ok(record.description && record.uri)
  assert.deepEqual(Object.keys(record.subresourceUris).sort(), ['all_time', 'daily', 'last_month', 'monthly', 'this_month', 'today', 'yearly', 'yesterday'])
  const own = { headers: { authorization: `Basic ${btoa(`${account}:${authToken}`)}` } }
  for (const uri of [record.uri, ...Object.values(record.subresourceUris)]) assert.equal((await fetch(url + uri, own)).status, 200, uri)
  const month = await fetch(`${url}/2010-04-01/Accounts/${account}/Usage/Records/Daily.json?Category=turnmegabytes&StartDate=-30days&EndDate=-1days&PageSize=1000`, own)
  assert.equal((await month.json()).usage_records.length, 30)
})

await rule('twilio: dates that are none, and pages beyond the largest, are error 20001 and name the field', async () => {
  for (const [query, field] of [['StartDate=soon', 'StartDate'], ['EndDate=2026-13-01', 'EndDate'], ['StartDate=2026-02-02&EndDate=2026-02-01', 'EndDate'], ['PageSize=1001', 'PageSize']]) {
    const response = await fetch(`${url}/2010-04-01/Accounts/${account}/Usage/Records.json?${query}`, { headers: { authorization: `Basic ${btoa(`${account}:${authToken}`)}` } })
    const error = await response.json()
    assert.deepEqual([response.status, error.code, error.message.includes(field)], [400, 20001, true], query)
  }
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
  assert.ok((await client.api.v2010.accounts.list({ status: 'suspended' })).some(one => one.sid === sub.sid))
  assert.ok(!(await client.api.v2010.accounts.list({ status: 'active' })).some(one => one.sid === sub.sid))
  assert.equal((await client.api.v2010.accounts(sub.sid).update({ status: 'active' })).status, 'active')
  await connect(sub.sid, sub.authToken).tokens.create()
  const own = await client.api.v2010.accounts(account).fetch()
  assert.deepEqual([own.sid, own.ownerAccountSid, own.type, own.authToken], [account, account, 'Full', undefined])
  assert.equal((await client.api.v2010.accounts(sub.sid).update({ status: 'closed' })).status, 'closed')
})

await rule('twilio: a sub-account does not reach the account above, nor an account another one: error 20003', async () => {
  const sub = await client.api.v2010.accounts.create({ friendlyName: 'below' })
  const below = connect(sub.sid, sub.authToken, { accountSid: account })
  const elsewhere = client.api.v2010.accounts('AC00000000000000000000000000000001')
  for (const reach of [() => below.tokens.create(), () => below.usage.records.list({ limit: 1 }), () => below.keys.list(), () => elsewhere.fetch()]) {
    const error = await refusal(reach())
    assert.deepEqual([error.status, error.code], [401, 20003])
  }
  assert.equal((await refusal(client.api.v2010.accounts(sub.sid).update({ status: 'asleep' }))).code, 20001)
  await client.api.v2010.accounts(sub.sid).update({ status: 'closed' })
})

await rule('twilio: keys, from beginning to end', async () => {
  const key = await client.newKeys.create({ friendlyName: 'conformance' })
  await connect(key.sid, key.secret, { accountSid: account }).tokens.create()
  assert.ok((await client.keys.list()).some(one => one.sid === key.sid))
  const fetched = await client.keys(key.sid).fetch()
  assert.deepEqual([fetched.friendlyName, fetched.secret], ['conformance', undefined])
  assert.equal((await client.keys(key.sid).update({ friendlyName: 'renamed' })).friendlyName, 'renamed')
  assert.equal(await client.keys(key.sid).remove(), true)
  const error = await refusal(client.keys(key.sid).fetch())
  assert.deepEqual([error.status, error.code], [404, 20404])
})

const received = []
const receiver = createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  received.push({ path: request.url, headers: request.headers, body: Buffer.concat(parts).toString() })
  response.writeHead(204).end()
}).listen(0, '127.0.0.1')
await once(receiver, 'listening')
const hook = `http://127.0.0.1:${receiver.address().port}`

const arrived = async (path, count = 1) => {
  for (const end = Date.now() + 30_000; ;) {
    const calls = received.filter(call => call.path.startsWith(path))
    if (calls.length >= count) return calls
    if (Date.now() > end) throw new Error(`${calls.length} of ${count} calls of ${path} arrived within 30 s`)
    await new Promise(next => setTimeout(next, 20))
  }
}

// An event may come more than once.
const told = async (path, count) => {
  for (let wanted = count; ; wanted++) {
    const calls = await arrived(path, wanted)
    const first = calls.filter((call, at) => calls.findIndex(one => one.headers['webhook-id'] === call.headers['webhook-id']) === at)
    if (first.length >= count) return first
    wanted = Math.max(wanted, calls.length)
  }
}

const own = async (method, path, body) => {
  const response = await fetch(`${url}${path}`, {
    method, headers: { authorization: `Basic ${btoa(`${account}:${authToken}`)}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  })
  assert.ok(response.ok, `${method} ${path} answered ${response.status}`)
  return response.status === 204 ? null : response.json()
}

const { secret } = await own('POST', `/v1/tenants/${account}/callback-secrets/rotate`)
await rule('standardwebhooks: events of a session verify and come in order', async () => {
  await own('PUT', `/v1/tenants/${account}/discovery`, { callbacks: { eventUrl: `${hook}/events` } })
  const { id } = await own('POST', '/v1/sessions', { endpoints: [{ name: 'alice' }, { name: 'bob' }] })
  await own('DELETE', `/v1/sessions/${id}`)
  const events = (await told('/events', 2)).map(call => new Webhook(secret).verify(call.body, call.headers))
  assert.deepEqual(events.map(event => [event.type, event.sequence, event.data.session]), [['session.created', 1, id], ['session.ended', 2, id]])
  const [call] = await arrived('/events')
  assert.throws(() => new Webhook(secret).verify(call.body.replace('created', 'altered'), call.headers))
  assert.throws(() => new Webhook(`whsec_${btoa('x'.repeat(32))}`).verify(call.body, call.headers))
})

for (const method of ['POST', 'GET']) {
  await rule(`twilio: usage.triggers, from beginning to end; its ${method} passes validateRequest`, async () => {
    const path = `/triggered-${method}`
    const trigger = await client.usage.triggers.create({
      callbackUrl: `${hook}${path}?a=b%20c`, callbackMethod: method, triggerValue: '0', usageCategory: 'turnmegabytes', recurring: 'daily', friendlyName: 'conformance',
    })
    assert.deepEqual([trigger.triggerValue, trigger.recurring, trigger.triggerBy, trigger.callbackMethod], ['0', 'daily', 'usage', method])
    const [call] = await arrived(path)
    const fields = Object.fromEntries(new URLSearchParams(method === 'GET' ? call.path.split('?')[1] : call.body))
    const valid = key => twilio.validateRequest(key, call.headers['x-twilio-signature'], `${hook}${call.path}`, method === 'GET' ? {} : fields)
    assert.deepEqual([valid(secret), valid('wrong')], [true, false])
    assert.deepEqual([fields.AccountSid, fields.UsageTriggerSid, fields.TriggerValue], [account, trigger.sid, '0'])
    assert.match(fields.IdempotencyToken, new RegExp(`^${trigger.sid}-FIRES-\\d{4}-\\d\\d-\\d\\d$`))

    assert.ok((await client.usage.triggers(trigger.sid).fetch()).dateFired instanceof Date)
    assert.ok((await client.usage.triggers.list({ recurring: 'daily', usageCategory: 'turnmegabytes' })).some(one => one.sid === trigger.sid))
    assert.equal((await client.usage.triggers(trigger.sid).update({ friendlyName: 'renamed' })).friendlyName, 'renamed')
    assert.equal(await client.usage.triggers(trigger.sid).remove(), true)
    assert.equal((await refusal(client.usage.triggers(trigger.sid).fetch())).code, 20404)
  })
}

await rule('twilio: a usage trigger without a value, and one of another category, are error 20001', async () => {
  const right = { callbackUrl: `${hook}/x`, triggerValue: '+30', usageCategory: 'turnmegabytes' }
  for (const wrong of [{ triggerValue: 'much' }, { usageCategory: 'sms' }, { callbackUrl: 'nowhere' }]) {
    assert.equal((await refusal(client.usage.triggers.create({ ...right, ...wrong }))).code, 20001)
  }
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
  const missing = await post(`${key.uid}/credentials/nobody/revoke`, key.key)
  assert.deepEqual([missing.status, missing.body.success, missing.body.errors.length], [404, false, 1])
  credentials.revoked = { username: body.iceServers.username, credential: body.iceServers.credential }
})

await rule('cloudflare: a wrong token and a wrong ttl are refused', async () => {
  assert.equal((await post(`${key.uid}/credentials/generate-ice-servers`, 'wrong', { ttl: 600 })).status, 401)
  assert.equal((await post(`${key.uid}/credentials/generate-ice-servers`, `${admin.sid}.${admin.secret}`, { ttl: 600 })).status, 401)
  assert.equal((await post(`${key.uid}/credentials/generate-ice-servers`, key.key, { ttl: 10_000_000 })).status, 400)
})

await rule('cloudflare: errors are those of the library, with what is wrong in them', async () => {
  const wrong = new Cloudflare({ apiToken: 'wrong', baseURL: `${url}/client/v4`, maxRetries: 0 })
  assert.ok(await refusal(wrong.calls.turn.get(key.uid, { account_id: account })) instanceof Cloudflare.AuthenticationError)
  const error = await refusal(cloudflare.calls.turn.create({ account_id: account, name: '' }))
  assert.ok(error instanceof Cloudflare.BadRequestError)
  assert.match(error.message, /validation_failed/)
  assert.ok(await refusal(cloudflare.calls.turn.create({ account_id: 'AC00000000000000000000000000000001', name: 'x' })) instanceof Cloudflare.NotFoundError)
})

await rule('cloudflare: calls.turn.delete ends the key, and a missing one is a NotFoundError', async () => {
  const doomed = await cloudflare.calls.turn.create({ account_id: account, name: 'doomed' })
  assert.equal((await cloudflare.calls.turn.delete(doomed.uid, { account_id: account })).uid, doomed.uid)
  assert.ok(await refusal(cloudflare.calls.turn.get(doomed.uid, { account_id: account })) instanceof Cloudflare.NotFoundError)
})

const run = promisify(execFile)
const curl = async (path, ...options) => {
  const { stdout } = await run('curl', ['-sS', '-w', '\n%{http_code}', ...options, `${url}${path}`])
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: end > 0 ? JSON.parse(stdout.slice(0, end)) : null }
}
const json = body => ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)]

const metered = await client.newKeys.create({ friendlyName: 'metered' })
const secretKey = `${metered.sid}.${metered.secret}`
const made = {}
await rule('metered: credential with and without expiry, and the servers of its own key', async () => {
  for (const [name, body] of [['metered', { expiryInSeconds: 3600, label: 'metered-user' }], ['meteredForEver', { label: 'metered-device' }]]) {
    const { status, body: answer } = await curl(`/api/v1/turn/credential?secretKey=${secretKey}`, ...json(body))
    assert.equal(status, 200)
    assert.deepEqual([answer.expiryInSeconds, answer.label], [body.expiryInSeconds ?? null, body.label])
    const servers = (await curl(`/api/v1/turn/credentials?apiKey=${answer.apiKey}`)).body
    assert.ok(Array.isArray(servers) && servers.every(server => typeof server.urls === 'string'))
    const turn = servers.find(server => server.urls.startsWith('turn:'))
    assert.deepEqual([turn.username, turn.credential], [answer.username, answer.password])
    credentials[name] = { username: answer.username, credential: answer.password }
    made[name] = answer
  }
})

await rule('metered: a key of the account gives servers with a new credential', async () => {
  const { status, body } = await curl(`/api/v1/turn/credentials?apiKey=${secretKey}&region=global`)
  assert.deepEqual([status, body.some(server => server.urls.startsWith('stun:')), body.some(server => server.username)], [200, true, true])
})

await rule('metered: a disabled credential has no servers, and the list has what never expires', async () => {
  const { body } = await curl(`/api/v1/turn/credential?secretKey=${secretKey}`, ...json({ expiryInSeconds: 60 }))
  assert.deepEqual((await curl(`/api/v1/turn/credential/disable?secretKey=${secretKey}`, ...json({ username: body.username }))).body, { message: 'Credential disabled successfully' })
  assert.deepEqual((await curl(`/api/v1/turn/credentials?apiKey=${body.apiKey}`)).status, 401)
  credentials.disabled = { username: body.username, credential: body.password }
  const listed = (await curl(`/api/v2/turn/credentials?secretKey=${secretKey}&label=metered-device`)).body
  assert.deepEqual([listed.data.map(one => one.username), listed.pagination.total_records], [[made.meteredForEver.username], 1])
})

await rule('metered: enable says what is, and what can not be', async () => {
  const ask = async (action, username, key = secretKey) => {
    const { status, body } = await curl(`/api/v1/turn/credential/${action}?secretKey=${key}`, ...json({ username }))
    return [status, body.message]
  }
  assert.deepEqual(await ask('enable', made.meteredForEver.username), [400, 'Credential is already enabled'])
  assert.deepEqual(await ask('enable', made.metered.username), [400, 'Credential is already enabled'])
  assert.deepEqual((await ask('enable', credentials.disabled.username))[0], 400)
  assert.deepEqual(await ask('enable', 'nobody'), [401, 'Credential not found'])
  assert.deepEqual(await ask('disable', 'nobody'), [401, 'Credential not found'])
  assert.deepEqual(await ask('enable', made.metered.username, 'wrong'), [401, 'Invalid secret key'])
})

await rule('metered: credentials that never expire in pages, and all at once', async () => {
  const { body: page } = await curl(`/api/v2/turn/credentials?secretKey=${secretKey}&page=1`)
  assert.deepEqual(Object.keys(page.pagination), ['total_records', 'current_page', 'total_pages', 'next_page', 'prev_page'])
  assert.ok(page.data.every(one => one.password === null && one.expired === false))
  const { body: all } = await curl(`/api/v2/turn/credentials?secretKey=${secretKey}&all=true`)
  assert.equal(all.data.length, all.pagination.total_records)
  assert.equal((await curl(`/api/v2/turn/credentials?secretKey=${secretKey}&page=none`)).status, 400)
})

await rule('metered: usage, of all, by user, by day', async () => {
  const { body: all } = await curl(`/api/v1/turn/current_usage?secretKey=${secretKey}`)
  assert.deepEqual(Object.values(all).map(value => typeof value), ['number', 'number', 'number'])
  const { body: one } = await curl(`/api/v1/turn/current_usage_for_user?secretKey=${secretKey}&username=${encodeURIComponent(made.metered.username)}`)
  assert.equal(typeof one.usageInGB, 'number')
  const { body: users } = await curl(`/api/v2/turn/current_usage_by_user?secretKey=${secretKey}&page=1`)
  assert.ok(Array.isArray(users.data) && users.has_more === false)
  const { body: days } = await curl(`/api/v2/turn/usage_daily_by_user?secretKey=${secretKey}&startDate=2026-09-01&endDate=2026-09-10&page=2`)
  assert.deepEqual(days.period, { start: '2026-09-01', end: '2026-09-10', page_start: '2026-09-08', page_end: '2026-09-10' })
  assert.equal((await curl(`/api/v1/turn/current_usage_for_user?secretKey=${secretKey}&username=nobody`)).status, 401)
  assert.equal((await curl(`/api/v2/turn/usage_daily_by_user?secretKey=${secretKey}&startDate=2026-01-01&endDate=2026-12-31`)).status, 400)
  assert.deepEqual([days.data.map(day => day.date), days.pagination.total_pages, days.pagination.has_more], [['2026-09-08', '2026-09-09', '2026-09-10'], 2, false])
})

await rule('metered: errors in its words', async () => {
  assert.deepEqual(await curl('/api/v1/turn/credentials').then(({ status, body }) => [status, body.error]), [400, 'Please specify API Key'])
  assert.deepEqual(await curl('/api/v1/turn/credentials?apiKey=wrong').then(({ status, body }) => [status, body.error]), [401, 'Invalid API Key'])
  assert.deepEqual(await curl('/api/v1/turn/current_usage?secretKey=wrong').then(({ status, body }) => [status, body.error]), [401, 'Invalid secret key'])
  const { status, body } = await curl(`/api/v1/turn/credential?secretKey=${secretKey}`, ...json({ expiryInSeconds: -1 }))
  assert.deepEqual([status, body.message], [400, 'please enter a positive integer value for expiryInSeconds'])
})

await rule('metered: a project from beginning to end, by the account and by its own key', async () => {
  const { status, body: project } = await curl(`/api/v2/turn/project?secretKey=${secretKey}`, ...json({ projectName: 'conformance', quotaInBytes: 1_073_741_824, quotaExceededAction: 'disable' }))
  assert.deepEqual([status, project.projectName, project.quotaInBytes, project.quotaExceededAction], [200, 'conformance', 1_073_741_824, 'disable'])
  const path = `/api/v2/turn/project/${project._id}`
  const { body: one } = await curl(`${path}/credential?secretKey=${secretKey}`, ...json({ expiryInSeconds: 600, label: 'project-user' }))
  assert.equal((await curl(`/api/v1/turn/credentials?apiKey=${one.apiKey}`)).status, 200)
  for (const proof of [`secretKey=${secretKey}`, `projectApiKey=${project.apiKey}`]) {
    assert.deepEqual((await curl(`${path}/current_usage?${proof}`)).body, { quotaInBytes: 1_073_741_824, usageInBytes: 0, overageInBytes: 0 })
    const { body: days } = await curl(`${path}/current_usage_by_date?${proof}`)
    assert.ok(days.length > 0 && days.every(day => /^\d{4}-\d\d-\d\d$/.test(day.date) && day.usageInBytes === 0))
    assert.deepEqual((await curl(`${path}/current_usage_for_user?${proof}&username=${encodeURIComponent(one.username)}`)).body, { label: 'project-user', usageInBytes: 0 })
  }
  const { status: refused, body } = await curl(`/api/v2/turn/project/AC00000000000000000000000000000001/current_usage?secretKey=${secretKey}`)
  assert.deepEqual([refused, body.message], [400, 'Project not found'])
  assert.equal((await curl(`/api/v2/turn/project?secretKey=${secretKey}`, ...json({ projectName: 'x', quotaInBytes: 1 }))).status, 400)
})

await rule('rest: GET /turn?service=turn answers username, password, ttl, uris', async () => {
  const { status, body } = await curl('/turn?service=turn&username=rest-user&ttl=600', '-u', `${metered.sid}:${metered.secret}`)
  assert.deepEqual([status, Object.keys(body), body.ttl, body.uris.every(uri => /^turns?:/.test(uri))], [200, ['username', 'password', 'ttl', 'uris'], 600, true])
  credentials.rest = { username: body.username, credential: body.password }
  assert.equal((await curl('/turn?service=turn')).status, 401)
  assert.deepEqual(Object.keys((await curl(`/turn?service=turn&key=${secretKey}`, '-X', 'POST')).body), ['username', 'password', 'ttl', 'uris'])
  for (const query of ['', '?service=stun', '?service=turn&ttl=soon', `?service=turn&username=${'x'.repeat(65)}`]) {
    const refused = await curl(`/turn${query}`, '-u', `${metered.sid}:${metered.secret}`)
    assert.deepEqual([refused.status, refused.body.code], [400, 'validation_failed'], query)
  }
})

receiver.close()
console.log(JSON.stringify(credentials))
process.exit(failed === 0 ? 0 : 1)
