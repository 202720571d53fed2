import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scoped, until } from '../dist/scope.js'

const never = () => new Promise(() => {})

test('scoped should return what its body returns when nothing ends it', async () => {
  assert.equal(await scoped({}, [], async () => 7), 7)
})

test('scoped should throw Aborted with the cause when the caller’s signal fires', async () => {
  const controller = new AbortController()
  const waiting = scoped({ signal: controller.signal }, [], never)
  controller.abort('changed my mind')
  await assert.rejects(waiting, { name: 'Aborted', code: 'Aborted', cause: 'changed my mind' })
})

test('scoped should not begin when the signal has fired before', async () => {
  let began = false
  const body = async () => {
    began = true
  }
  await assert.rejects(scoped({ signal: AbortSignal.abort() }, [], body), { name: 'Aborted' })
  assert.equal(began, false)
})

test('scoped should throw TimedOut when its time limit is over', async () => {
  await assert.rejects(scoped({ timeout: 1 }, [], never), { name: 'TimedOut', code: 'TimedOut' })
})

test('scoped should throw a source’s own reason when that fires', async () => {
  const source = new AbortController()
  const waiting = scoped({}, [source.signal], never)
  const reason = new Error('gone')
  source.abort(reason)
  await assert.rejects(waiting, (error) => error === reason)
})

test('scoped should tell its body by the signal when it ends early', async () => {
  const controller = new AbortController()
  let inner
  const waiting = scoped({ signal: controller.signal }, [], (signal) => {
    inner = signal
    return never()
  })
  controller.abort()
  await assert.rejects(waiting, { name: 'Aborted' })
  assert.equal(inner.reason.name, 'Aborted')
})

test('until should settle as its promise does when the signal stays silent', async () => {
  const { signal } = new AbortController()
  assert.equal(await until(Promise.resolve(1), signal), 1)
  await assert.rejects(until(Promise.reject(new Error('no')), signal), { message: 'no' })
})
