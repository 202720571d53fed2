import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as client from '@aipowergrid/client'
import { dispatchFailure } from '../dist/errors.js'

const { DispatchFailure, RpcFailure, describeDispatchError } = client

const SUBMISSION = [
  'UnknownModel',
  'ClassMismatch',
  'EmptyPrompt',
  'NoOutputRequested',
  'PromptTooLong',
  'StopTokenOutOfVocabulary',
  'InvalidSampling',
  'PriceBelowFloor',
  'PriceExceedsBalance',
  'DeadlineTooShort',
  'DeadlineTooFar',
  'ReferrerIsRequester',
  'WrongPictureLength',
  'PictureWithStopTokens',
  'PictureWithSampling',
]

/** A registry that knows one module error, as the metadata describes it. */
const registryOf = (section, name) => ({
  findMetaError: () => ({ section, name, docs: [' What ', 'it means. '] }),
})
const moduleError = { isModule: true, asModule: {} }

test('dispatch errors of a submission should have a class of their own', () => {
  for (const name of SUBMISSION) {
    const error = describeDispatchError(registryOf('jobEscrow', name), moduleError)
    assert.equal(error.constructor, client[name])
    assert.ok(error instanceof DispatchFailure)
    assert.ok(error instanceof client.AipgError)
    assert.equal(error.name, name)
    assert.equal(error.code, `jobEscrow.${name}`)
    assert.match(error.message, /What {2}it means\.$/)
  }
})

test('dispatch errors should be named by pallet and error when they have no class', () => {
  for (const [section, name] of [
    ['workerRegistry', 'UnknownModel'],
    ['jobEscrow', 'JobNotFound'],
    ['jobEscrow', 'toString'],
  ]) {
    const error = describeDispatchError(registryOf(section, name), moduleError)
    assert.equal(error.constructor, DispatchFailure)
    assert.equal(error.name, 'DispatchFailure')
    assert.equal(error.code, `${section}.${name}`)
  }
  const token = { isModule: false, type: 'Token', inner: { type: 'FundsUnavailable' } }
  assert.equal(describeDispatchError({}, token).code, 'Token.FundsUnavailable')
  const origin = { isModule: false, type: 'BadOrigin', inner: null }
  assert.equal(describeDispatchError({}, origin).code, 'BadOrigin')
  assert.equal(dispatchFailure('a', 'B', '').message, 'a.B')
})

test('RpcFailure should be named by its message when that begins with a name', () => {
  const named = new RpcFailure('blobs_get', {
    code: 26863,
    message: '26863: NotFound: there is no blob',
  })
  assert.equal(named.code, 'NotFound')
  assert.equal(named.message, 'blobs_get: NotFound: there is no blob')
  const numbered = new RpcFailure('x', { code: -32601, message: '-32601: Method not found' })
  assert.equal(numbered.code, -32601)
})

// What the constructors take, where one text does not do.
const ARGUMENTS = {
  ConnectionLost: [['ws://a', 'ws://b'], 5],
  TimedOut: [5],
  WrongChain: ['0x01', '0x02'],
  RpcFailure: ['a_method', { message: 'no' }],
  JobRefunded: [1n, 'InputUnavailable', 2n],
  JobReplaced: [1n],
  BlobError: ['BlobMismatch', 'x'],
  ResultMismatch: ['RootMismatch', 'x'],
  ReceiptInvalid: ['RootMismatch', 'x'],
}

test('every error class should carry its own name and a message', () => {
  const classes = Object.entries(client).filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof client.AipgError,
  )
  assert.ok(classes.length >= 28, String(classes.length))
  for (const [name, Class] of classes) {
    const error = new Class(...(ARGUMENTS[name] ?? ['x']))
    assert.equal(error.name, name)
    assert.notEqual(error.message, '')
  }
  assert.match(new client.ConnectionLost(...ARGUMENTS.ConnectionLost).message, /ws:\/\/a, ws:\/\/b/)
})
