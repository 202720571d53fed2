// What metadata does not say of calls: their dispatch class. A process test asks a node for each.

/** Calls that are not of class Normal. */
const CLASSES = {
  'system.setHeapPages': 'Operational',
  'system.setCode': 'Operational',
  'system.setCodeWithoutChecks': 'Operational',
  'system.setStorage': 'Operational',
  'system.killStorage': 'Operational',
  'system.killPrefix': 'Operational',
  'system.authorizeUpgrade': 'Operational',
  'system.authorizeUpgradeWithoutChecks': 'Operational',
  'system.applyAuthorizedUpgrade': 'Operational',
  'referee.nameTensor': 'Operational',
  'referee.revealNodes': 'Operational',
  'referee.chooseNode': 'Operational',
  'referee.revealLeaf': 'Operational',
  'referee.accuse': 'Operational',
  'referee.revealSums': 'Operational',
  'referee.judge': 'Operational',
  'timestamp.set': 'Mandatory',
  'finality.report': 'Mandatory',
}

/** The class of calls that carry others. */
export const CLASS_OF_INNER = 'that of the call inside'

/** Dispatch class of a call such as `jobEscrow.submit`. */
export function dispatchClass(name, holdsCall) {
  return holdsCall ? CLASS_OF_INNER : (CLASSES[name] ?? 'Normal')
}

/** Names of the calls that the table lists. */
export const listedCalls = Object.keys(CLASSES)
