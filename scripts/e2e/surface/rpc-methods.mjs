// The RPC methods of a node, written by hand: nothing lists their parameters. A process test
// compares the names with those that a node says it has.
//
// A method is {name, takes, gives, docs, errors?, unsafe?, aliases?, ends?}. `takes` and `gives` are in
// the words of the JSON-RPC interface; a type with `?` may be left out. `unsafe` methods are refused
// to callers from outside. A subscription has `ends`, the method that ends it, and `gives` is what it
// sends. `endAliases` are older names of `ends`.

const BLOBS = {
  title: 'blobs',
  about:
    'Inputs and outputs of jobs, content-addressed. Bytes and hashes are hexadecimal strings with ' +
    '`0x`. The message of an error begins with its name.',
  methods: [
    {
      name: 'blobs_put',
      takes: 'bytes: Bytes',
      gives: 'H256',
      docs: 'Stores a blob of 1 to 4,194,304 bytes and returns its blake2b-256 hash. Putting a blob again changes nothing.',
      errors: [
        [26861, 'TooLarge', 'more than 4 MiB'],
        [26862, 'Empty', 'no bytes'],
        [26865, 'StoreFull', 'the disk space that the operator gave to blobs is used up'],
        [26866, 'StorageFailure', 'the file system refused'],
        [26867, 'InvalidParameter', 'no hexadecimal string'],
        [26868, 'DiskFull', 'there is no space left on the device, whatever the quota'],
      ],
    },
    {
      name: 'blobs_get',
      takes: 'hash: H256, provider: H256?',
      gives: 'Bytes',
      docs:
        'The bytes whose blake2b-256 hash is `hash`, rehashed before they are sent. What the node does not store ' +
        'it fetches from the nodes that it is connected to, within 40 seconds, and stores it. `provider` is a node ' +
        'that is asked too, by the name that a job gives on chain.',
      errors: [
        [26863, 'NotFound', 'neither this node nor one of those that it asked has a blob with that hash'],
        [26864, 'Corrupted', 'the stored bytes did not match the hash and were removed; no other node gave them'],
        [26866, 'StorageFailure', 'the file system refused'],
        [26867, 'InvalidParameter', 'no hexadecimal string of 32 bytes'],
        [26869, 'Undelivered', 'other nodes said they have the blob and did not deliver it in time: ask again'],
        [26870, 'Overloaded', 'this node is already fetching as many blobs as it can: ask again'],
      ],
    },
    {
      name: 'blobs_has',
      takes: 'hash: H256',
      gives: 'bool',
      docs: 'Whether this node stores the blob. Other nodes are not asked.',
      errors: [[26867, 'InvalidParameter', 'no hexadecimal string of 32 bytes']],
    },
    {
      name: 'blobs_provider',
      takes: '',
      gives: 'H256',
      docs: 'The ed25519 key that the peer id of this node is made of: what a job names as the provider of its input.',
    },
  ],
}

const RECEIPTS = {
  title: 'receipts',
  about:
    'What became of a finished job, provable to anybody who has a finalised header. The message of an ' +
    'error begins with its name.',
  methods: [
    {
      name: 'receipts_proof',
      takes: 'job: u64',
      gives: '{job, round, index, count, receipt, path, root, block}',
      docs:
        'The SCALE-encoded receipt, the siblings from its leaf upward, the root of its round, and the hash ' +
        'of a finalised block whose state holds that root.',
      errors: [
        [26871, 'ReceiptNotFound', 'no job has this number'],
        [26872, 'JobNotFinished', 'the job has not ended'],
        [26873, 'RoundOpen', 'its round is not sealed in a finalised block yet: ask again'],
        [26874, 'ReceiptsNotIndexed', 'this node has not executed the blocks in which the job ended'],
        [26875, 'ReceiptsDamaged', "what this node holds of the round does not make up the round's root"],
        [26876, 'StateUnavailable', 'the state of the newest or of the finalised block cannot be read'],
      ],
    },
  ],
}

const TRANSACTIONS = {
  title: 'Transactions',
  about:
    'Extrinsics are SCALE-encoded, as hexadecimal strings with `0x`. Errors 1000–1999 are those of ' +
    'the transaction pool: 1010 an invalid transaction (stale nonce, cannot pay, …; "Custom error: 1": ' +
    'an operational call by somebody for whom it is not), 1012 temporarily banned, 1013 already ' +
    'imported, 1014 priority too low to replace another one.',
  methods: [
    {
      name: 'author_submitExtrinsic',
      takes: 'extrinsic: Bytes',
      gives: 'H256',
      docs: 'Checks an extrinsic, puts it into the pool and returns its hash.',
    },
    {
      name: 'author_submitAndWatchExtrinsic',
      takes: 'extrinsic: Bytes',
      gives: 'TransactionStatus',
      docs: 'Submits and sends every step: ready, broadcast, inBlock, finalized, or how it failed.',
      ends: 'author_unwatchExtrinsic',
    },
    {
      name: 'author_pendingExtrinsics',
      takes: '',
      gives: 'Vec<Bytes>',
      docs: 'Extrinsics of the pool that are ready for a block.',
    },
    {
      name: 'author_removeExtrinsic',
      takes: 'extrinsics: Vec<Bytes or H256>',
      gives: 'Vec<H256>',
      docs: 'Removes extrinsics, and those that depend on them, from the pool.',
      unsafe: true,
    },
    {
      name: 'transaction_v1_broadcast',
      takes: 'extrinsic: Bytes',
      gives: 'operation: String, or null when too many are running',
      docs: 'Sends an extrinsic to the network until it is told to stop.',
    },
    {
      name: 'transaction_v1_stop',
      takes: 'operation: String',
      gives: 'null',
      docs: 'Stops a broadcast.',
    },
    {
      name: 'transactionWatch_v1_submitAndWatch',
      takes: 'extrinsic: Bytes',
      gives: 'TransactionEvent',
      docs: 'As `author_submitAndWatchExtrinsic`, in the newer interface.',
      ends: 'transactionWatch_v1_unwatch',
    },
    {
      name: 'system_accountNextIndex',
      takes: 'account: AccountId',
      gives: 'u32',
      docs: "The account's next nonce, counting its extrinsics in the pool.",
      aliases: ['account_nextIndex'],
    },
    {
      name: 'system_dryRun',
      takes: 'extrinsic: Bytes, at: H256?',
      gives: 'Bytes (ApplyExtrinsicResult)',
      docs: 'What applying an extrinsic to a block would give.',
      unsafe: true,
      aliases: ['system_dryRunAt'],
    },
    {
      name: 'payment_queryInfo',
      takes: 'extrinsic: Bytes, at: H256?',
      gives: '{weight, class, partialFee}',
      docs: 'Weight, dispatch class and fee of an extrinsic, without the tip.',
    },
    {
      name: 'payment_queryFeeDetails',
      takes: 'extrinsic: Bytes, at: H256?',
      gives: '{inclusionFee: {baseFee, lenFee, adjustedWeightFee}}',
      docs: 'The parts of that fee.',
    },
  ],
}

const CHAIN = {
  title: 'Blocks and finality',
  methods: [
    {
      name: 'chain_getHeader',
      takes: 'hash: H256?',
      gives: 'Header or null',
      docs: 'Header of a block; of the best block when no hash is given.',
    },
    {
      name: 'chain_getBlock',
      takes: 'hash: H256?',
      gives: 'SignedBlock or null',
      docs: 'Header, extrinsics and justifications of a block.',
    },
    {
      name: 'chain_getBlockHash',
      takes: 'height: u32 or list?',
      gives: 'H256 or null, or a list of them',
      docs: 'Hash of the block of the best chain at a height.',
      aliases: ['chain_getHead'],
    },
    {
      name: 'chain_getFinalizedHead',
      takes: '',
      gives: 'H256',
      docs: 'Hash of the newest block that can no longer be undone.',
      aliases: ['chain_getFinalisedHead'],
    },
    {
      name: 'chain_subscribeNewHeads',
      takes: '',
      gives: 'Header',
      docs: 'Every new best block.',
      aliases: ['chain_subscribeNewHead', 'subscribe_newHead'],
      ends: 'chain_unsubscribeNewHeads',
      endAliases: ['chain_unsubscribeNewHead', 'unsubscribe_newHead'],
    },
    {
      name: 'chain_subscribeAllHeads',
      takes: '',
      gives: 'Header',
      docs: 'Every imported block, on whatever fork.',
      ends: 'chain_unsubscribeAllHeads',
    },
    {
      name: 'chain_subscribeFinalizedHeads',
      takes: '',
      gives: 'Header',
      docs: 'Every block that has become final.',
      aliases: ['chain_subscribeFinalisedHeads'],
      ends: 'chain_unsubscribeFinalizedHeads',
      endAliases: ['chain_unsubscribeFinalisedHeads'],
    },
    {
      name: 'grandpa_roundState',
      takes: '',
      gives: 'ReportedRoundStates',
      docs: 'Votes of the running GRANDPA rounds.',
    },
    {
      name: 'grandpa_proveFinality',
      takes: 'block: u32',
      gives: 'EncodedFinalityProof or null',
      docs: 'Proof that a block is final.',
    },
    {
      name: 'grandpa_subscribeJustifications',
      takes: '',
      gives: 'JustificationNotification',
      docs: 'Justifications as they are made or received.',
      ends: 'grandpa_unsubscribeJustifications',
    },
    {
      name: 'babe_epochAuthorship',
      takes: '',
      gives: 'map from authority to its slots',
      docs: "The slots of this epoch in which this node's keys may author.",
      unsafe: true,
    },
  ],
}

const STATE = {
  title: 'State',
  about:
    '`at` and `hash` name a block; without them the best block is meant. Old blocks have no state on a ' +
    'node that prunes (error 4003).',
  methods: [
    {
      name: 'state_call',
      takes: 'name: String, arguments: Bytes, at: H256?',
      gives: 'Bytes',
      docs: 'Calls a runtime API such as `JobsApi_quote`; arguments and result in SCALE.',
      aliases: ['state_callAt'],
    },
    {
      name: 'state_getMetadata',
      takes: 'at: H256?',
      gives: 'Bytes',
      docs: "The runtime's metadata, version 14; newer ones by `Metadata_metadata_at_version`.",
    },
    {
      name: 'state_getRuntimeVersion',
      takes: 'at: H256?',
      gives: 'RuntimeVersion',
      docs: 'Name and versions of the runtime, and of its APIs.',
      aliases: ['chain_getRuntimeVersion'],
    },
    {
      name: 'state_subscribeRuntimeVersion',
      takes: '',
      gives: 'RuntimeVersion',
      docs: 'The version now, and each one after an upgrade.',
      aliases: ['chain_subscribeRuntimeVersion'],
      ends: 'state_unsubscribeRuntimeVersion',
      endAliases: ['chain_unsubscribeRuntimeVersion'],
    },
    {
      name: 'state_getStorage',
      takes: 'key: Bytes, at: H256?',
      gives: 'Bytes or null',
      docs: 'Value of a key.',
      aliases: ['state_getStorageAt'],
    },
    {
      name: 'state_getStorageHash',
      takes: 'key: Bytes, at: H256?',
      gives: 'H256 or null',
      docs: 'Hash of that value.',
      aliases: ['state_getStorageHashAt'],
    },
    {
      name: 'state_getStorageSize',
      takes: 'key: Bytes, at: H256?',
      gives: 'u64 or null',
      docs: 'Bytes of a value, or of all values below a prefix.',
      aliases: ['state_getStorageSizeAt'],
    },
    {
      name: 'state_getKeysPaged',
      takes: 'prefix: Bytes, count: u32, start: Bytes?, at: H256?',
      gives: 'Vec<Bytes>',
      docs: 'Up to 1,000 keys below a prefix, after `start`.',
      aliases: ['state_getKeysPagedAt'],
    },
    {
      name: 'state_getKeys',
      takes: 'prefix: Bytes, at: H256?',
      gives: 'Vec<Bytes>',
      docs: 'Deprecated and refused to callers from outside: `state_getKeysPaged` instead.',
      unsafe: true,
    },
    {
      name: 'state_getPairs',
      takes: 'prefix: Bytes, at: H256?',
      gives: 'Vec<(Bytes, Bytes)>',
      docs: 'All keys below a prefix with their values.',
      unsafe: true,
    },
    {
      name: 'state_queryStorage',
      takes: 'keys: Vec<Bytes>, from: H256, to: H256?',
      gives: 'Vec<StorageChangeSet>',
      docs: 'How values changed over a range of blocks.',
      unsafe: true,
    },
    {
      name: 'state_queryStorageAt',
      takes: 'keys: Vec<Bytes>, at: H256?',
      gives: 'Vec<StorageChangeSet>',
      docs: 'Values of several keys at one block.',
    },
    {
      name: 'state_subscribeStorage',
      takes: 'keys: Vec<Bytes>?',
      gives: 'StorageChangeSet',
      docs: 'Changes of values; of all keys (refused to callers from outside) when none are given.',
      ends: 'state_unsubscribeStorage',
    },
    {
      name: 'state_getReadProof',
      takes: 'keys: Vec<Bytes>, at: H256?',
      gives: '{at, proof}',
      docs: "Proof of values against a block's state root.",
    },
    {
      name: 'state_getChildReadProof',
      takes: 'child: Bytes, keys: Vec<Bytes>, at: H256?',
      gives: '{at, proof}',
      docs: 'The same for a child trie. This chain uses none.',
    },
    {
      name: 'state_traceBlock',
      takes: 'block: H256, targets: String?, storageKeys: String?, methods: String?',
      gives: 'TraceBlockResponse',
      docs: 'Executes a block again and returns its traces.',
      unsafe: true,
    },
    {
      name: 'state_callRecorded',
      takes: 'name: String, arguments: Bytes, block: H256',
      gives: 'Bytes',
      docs: 'Calls a runtime API and returns the proof of all that it read.',
      unsafe: true,
    },
    {
      name: 'childstate_getKeys',
      takes: 'child: Bytes, prefix: Bytes, at: H256?',
      gives: 'Vec<Bytes>',
      docs: 'Deprecated: `childstate_getKeysPaged` instead.',
    },
    {
      name: 'childstate_getKeysPaged',
      takes: 'child: Bytes, prefix: Bytes?, count: u32, start: Bytes?, at: H256?',
      gives: 'Vec<Bytes>',
      docs: 'Keys of a child trie.',
      aliases: ['childstate_getKeysPagedAt'],
    },
    {
      name: 'childstate_getStorage',
      takes: 'child: Bytes, key: Bytes, at: H256?',
      gives: 'Bytes or null',
      docs: 'Value of a key of a child trie.',
    },
    {
      name: 'childstate_getStorageEntries',
      takes: 'child: Bytes, keys: Vec<Bytes>, at: H256?',
      gives: 'Vec<Bytes or null>',
      docs: 'Values of several keys of a child trie.',
    },
    {
      name: 'childstate_getStorageHash',
      takes: 'child: Bytes, key: Bytes, at: H256?',
      gives: 'H256 or null',
      docs: 'Hash of such a value.',
    },
    {
      name: 'childstate_getStorageSize',
      takes: 'child: Bytes, key: Bytes, at: H256?',
      gives: 'u64 or null',
      docs: 'Bytes of such a value.',
    },
  ],
}

const NEW_INTERFACE = {
  title: 'The newer JSON-RPC interface',
  about:
    'Of the specification of the Polkadot JSON-RPC interface, on which subxt and polkadot-api build. ' +
    'Methods of `chainHead_v1` belong to the subscription that `chainHead_v1_follow` opened and take ' +
    'its id; a block stays readable until it is unpinned. A node that keeps all states ' +
    '(`--state-pruning archive --blocks-pruning archive`) also has `archive_v1_*`.',
  methods: [
    {
      name: 'chainSpec_v1_chainName',
      takes: '',
      gives: 'String',
      docs: 'Name of the chain.',
    },
    {
      name: 'chainSpec_v1_genesisHash',
      takes: '',
      gives: 'H256',
      docs: 'Hash of the first block.',
    },
    {
      name: 'chainSpec_v1_properties',
      takes: '',
      gives: 'map',
      docs: 'Symbol and decimals of the token, prefix of addresses.',
    },
    {
      name: 'chainHead_v1_follow',
      takes: 'withRuntime: bool',
      gives: 'FollowEvent',
      docs: 'New, best and finalised blocks, each pinned.',
      ends: 'chainHead_v1_unfollow',
    },
    {
      name: 'chainHead_v1_header',
      takes: 'follow: String, hash: H256',
      gives: 'Bytes or null',
      docs: 'Header of a pinned block.',
    },
    {
      name: 'chainHead_v1_body',
      takes: 'follow: String, hash: H256',
      gives: 'operation',
      docs: 'Extrinsics of a pinned block, as an event of the subscription.',
    },
    {
      name: 'chainHead_v1_storage',
      takes: 'follow: String, hash: H256, items: Vec<StorageQuery>, child: Bytes?',
      gives: 'operation',
      docs: 'Values of a pinned block, as events.',
    },
    {
      name: 'chainHead_v1_call',
      takes: 'follow: String, hash: H256, function: String, arguments: Bytes',
      gives: 'operation',
      docs: 'Calls a runtime API, the result as an event.',
    },
    {
      name: 'chainHead_v1_continue',
      takes: 'follow: String, operation: String',
      gives: 'null',
      docs: 'Goes on with an operation that waits for its reader.',
    },
    {
      name: 'chainHead_v1_stopOperation',
      takes: 'follow: String, operation: String',
      gives: 'null',
      docs: 'Ends an operation.',
    },
    {
      name: 'chainHead_v1_unpin',
      takes: 'follow: String, hash: H256 or list',
      gives: 'null',
      docs: 'Lets go of blocks.',
    },
    {
      name: 'bitswap_v1_get',
      takes: 'cid: String',
      gives: 'Bytes',
      docs: 'Data that a transaction indexed. This chain indexes none.',
    },
  ],
}

const NODE = {
  title: 'The node',
  methods: [
    {
      name: 'system_name',
      takes: '',
      gives: 'String',
      docs: 'Name of the program.',
    },
    {
      name: 'system_version',
      takes: '',
      gives: 'String',
      docs: 'Its version.',
    },
    {
      name: 'system_chain',
      takes: '',
      gives: 'String',
      docs: 'Name of the chain.',
    },
    {
      name: 'system_chainType',
      takes: '',
      gives: 'ChainType',
      docs: 'Development, Local, Live or custom.',
    },
    {
      name: 'system_properties',
      takes: '',
      gives: 'map',
      docs: 'Symbol and decimals of the token, prefix of addresses.',
    },
    {
      name: 'system_health',
      takes: '',
      gives: '{peers, isSyncing, shouldHavePeers}',
      docs: 'Whether the node has peers and is up to date.',
    },
    {
      name: 'system_syncState',
      takes: '',
      gives: '{startingBlock, currentBlock, highestBlock}',
      docs: 'How far it is.',
    },
    {
      name: 'system_nodeRoles',
      takes: '',
      gives: 'Vec<NodeRole>',
      docs: 'Full or Authority.',
    },
    {
      name: 'system_localPeerId',
      takes: '',
      gives: 'String',
      docs: 'Its identity in the peer-to-peer network.',
    },
    {
      name: 'system_localListenAddresses',
      takes: '',
      gives: 'Vec<Multiaddr>',
      docs: 'Addresses that it listens on.',
    },
    {
      name: 'system_reservedPeers',
      takes: '',
      gives: 'Vec<String>',
      docs: 'Peers that it always keeps.',
    },
    {
      name: 'system_peers',
      takes: '',
      gives: 'Vec<PeerInfo>',
      docs: 'Its peers.',
      unsafe: true,
    },
    {
      name: 'system_unstable_networkState',
      takes: '',
      gives: 'NetworkState',
      docs: 'Everything about its connections; the form may change.',
      unsafe: true,
    },
    {
      name: 'system_addReservedPeer',
      takes: 'peer: Multiaddr',
      gives: 'null',
      docs: 'Adds a reserved peer.',
      unsafe: true,
    },
    {
      name: 'system_removeReservedPeer',
      takes: 'peer: PeerId',
      gives: 'null',
      docs: 'Removes one.',
      unsafe: true,
    },
    {
      name: 'system_addLogFilter',
      takes: 'directives: String',
      gives: 'null',
      docs: 'Logs more, for example `babe=debug`.',
      unsafe: true,
    },
    {
      name: 'system_resetLogFilter',
      takes: '',
      gives: 'null',
      docs: 'Logs as at the start.',
      unsafe: true,
    },
    {
      name: 'author_insertKey',
      takes: 'keyType: String, secret: String, public: Bytes',
      gives: 'null',
      docs: 'Puts a key into the keystore; `aipg-node key insert` does it without RPC.',
      unsafe: true,
    },
    {
      name: 'author_hasKey',
      takes: 'public: Bytes, keyType: String',
      gives: 'bool',
      docs: 'Whether the keystore has a key.',
      unsafe: true,
    },
    {
      name: 'author_hasSessionKeys',
      takes: 'keys: Bytes',
      gives: 'bool',
      docs: 'Whether it has all of a set of session keys.',
      unsafe: true,
    },
    {
      name: 'author_rotateKeys',
      takes: '',
      gives: 'Bytes',
      docs: 'Makes new session keys and returns the public ones.',
      unsafe: true,
    },
    {
      name: 'author_rotateKeysWithOwner',
      takes: 'owner: Bytes',
      gives: '{keys, proof}',
      docs: 'The same with a proof that they belong to an account: what `session.setKeys` takes.',
      unsafe: true,
    },
    {
      name: 'offchain_localStorageGet',
      takes: 'kind: StorageKind, key: Bytes',
      gives: 'Bytes or null',
      docs: "Value of the node's off-chain storage.",
      unsafe: true,
    },
    {
      name: 'offchain_localStorageSet',
      takes: 'kind: StorageKind, key: Bytes, value: Bytes',
      gives: 'null',
      docs: 'Sets one.',
      unsafe: true,
    },
    {
      name: 'offchain_localStorageClear',
      takes: 'kind: StorageKind, key: Bytes',
      gives: 'null',
      docs: 'Removes one.',
      unsafe: true,
    },
    {
      name: 'rpc_methods',
      takes: '',
      gives: '{methods: Vec<String>}',
      docs: 'Names of all methods.',
    },
  ],
}

export const RPC_GROUPS = [BLOBS, RECEIPTS, TRANSACTIONS, CHAIN, STATE, NEW_INTERFACE, NODE]

/** All names that a node answers to: methods, their older names, and what ends subscriptions. */
export function methodNames(groups = RPC_GROUPS) {
  return groups
    .flatMap(({ methods }) => methods)
    .flatMap(({ name, aliases = [], ends, endAliases = [] }) => [
      name,
      ...aliases,
      ...(ends ? [ends] : []),
      ...endAliases,
    ])
    .sort()
}
