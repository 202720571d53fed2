//! Places at which a worker can be made to stop, for tests that kill it there or change the world
//! around it.
//!
//! With `AIPG_WORKER_PAUSE_AT=<name>` in the environment the worker waits when it comes to that place,
//! for ever or, with `AIPG_WORKER_PAUSE_UNTIL=<file>`, until that file exists; without it the places
//! cost nothing. There is one before and one after every durable
//! write and every effect outside the process.

use std::{path::Path, sync::OnceLock, time::Duration};
use tokio::time::sleep;

/// The environment variable that names the place. It is no setting.
pub const VARIABLE: &str = "AIPG_WORKER_PAUSE_AT";

/// The environment variable that names the file with which the worker goes on.
pub const RELEASE: &str = "AIPG_WORKER_PAUSE_UNTIL";

/// How often a waiting worker looks for the file.
const LOOK: Duration = Duration::from_millis(20);

macro_rules! places {
    ($($name:ident = $text:literal, $when:literal;)*) => {
        /// A place in the life of a job, a reward or the machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Place {
            $(#[doc = $when] $name,)*
        }

        impl Place {
            /// Every place, in the order in which a job comes to them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in the environment variable.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What has happened when the worker comes there.
            pub fn when(self) -> &'static str {
                match self { $(Self::$name => $when,)* }
            }
        }
    };
}

places! {
    OnlineSending = "online-sending", "about to go online";
    OnlineSent = "online-sent", "the pool has goOnline";
    JobSeen = "job-seen", "a job is seen and not stored";
    JobStored = "job-stored", "a job is stored";
    InputFetched = "input-fetched", "the input is checked and not stored";
    InputStored = "input-stored", "the input is stored";
    ClaimSigned = "claim-signed", "the claim is signed and not stored";
    ClaimStored = "claim-stored", "the signed claim is stored and not sent";
    ClaimSent = "claim-sent", "the pool has the claim";
    ClaimIncluded = "claim-included", "a block holds the claim, which is not stored";
    ClaimBooked = "claim-booked", "the claim's block is stored";
    RunStarting = "run-starting", "about to run the model";
    AnswerComputed = "answer-computed", "the answer is computed and not stored";
    AnswerStored = "answer-stored", "the answer is stored and not published";
    AnswerPublished = "answer-published", "the node has the answer, which is not stored";
    PublishedStored = "published-stored", "it is stored that the node has the answer";
    ResultSigned = "result-signed", "the result is signed and not stored";
    ResultStored = "result-stored", "the signed result is stored and not sent";
    ResultSent = "result-sent", "the pool has the result";
    ResultIncluded = "result-included", "a block holds the result, which is not stored";
    ResultBooked = "result-booked", "the result's block is stored";
    DeliveryFinal = "delivery-final", "a final block holds the result, which is not stored";
    DeliveryStored = "delivery-stored", "the final delivery is stored";
    SettlementFinal = "settlement-final", "a final block paid the job, which is not stored";
    SettlementStored = "settlement-stored", "the payment is stored";
    RewardSigned = "reward-signed", "the claim of a reward is signed and not stored";
    RewardStored = "reward-stored", "the signed claim of a reward is stored and not sent";
    RewardSent = "reward-sent", "the pool has the claim of a reward";
    RewardIncluded = "reward-included", "a block holds the claim of a reward, which is not stored";
    RewardResolved = "reward-resolved", "it is stored that the claim of a reward is done";
    RewardFinal = "reward-final", "a final block minted the reward, which is not stored";
    RewardBooked = "reward-booked", "the minted reward is stored";
    ReportSigned = "report-signed", "the report of a missing input is signed and not stored";
    ReportStored = "report-stored", "the signed report is stored and not sent";
    ReportSent = "report-sent", "the pool has the report";
    ReportIncluded = "report-included", "a block holds the report, which is not stored";
    ReportBooked = "report-booked", "the report's block is stored";
    OfflineSending = "offline-sending", "about to go offline";
    OfflineSent = "offline-sent", "the pool has goOffline";
}

/// Waits if this is the place that the environment names.
pub async fn at(place: Place) {
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var(VARIABLE).ok());
    if chosen.as_deref() != Some(place.name()) {
        return;
    }
    let release = std::env::var_os(RELEASE);
    let is_released = || {
        release
            .as_ref()
            .is_some_and(|file| Path::new(file).exists())
    };
    if !is_released() {
        tracing::warn!("paused at {}", place.name());
    }
    while !is_released() {
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn places_should_have_names_of_their_own() {
        let names: BTreeSet<_> = Place::ALL.iter().map(|place| place.name()).collect();
        assert_eq!(names.len(), Place::ALL.len());
        assert!(Place::ALL.iter().all(|place| !place.when().is_empty()));
    }
}
