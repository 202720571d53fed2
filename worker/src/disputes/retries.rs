//! What failed, and when to try it again.

use super::duties::Duty;
use std::collections::BTreeMap;

/// Blocks after which something that failed is tried again, for the first time.
pub const RETRY_BLOCKS: u32 = 5;

/// How often that pause may double: a call that fails costs its fee each time.
const MOST_DOUBLINGS: u32 = 5;

/// The same for what has to be done before a clock runs out.
const MOST_DOUBLINGS_IN_GAMES: u32 = 1;

/// Something that failed.
#[derive(Clone, Copy, Debug, Default)]
struct Failed {
    /// How often in a row.
    times: u32,
    /// The block after which to try again.
    until: u32,
}

/// Duties that failed.
#[derive(Debug, Default)]
pub struct Retries(BTreeMap<Duty, Failed>);

impl Retries {
    /// Whether a duty may be done in this block.
    pub fn is_due(&self, duty: Duty, block: u32) -> bool {
        self.0.get(&duty).is_none_or(|failed| block > failed.until)
    }

    /// It has failed once more, at a block.
    pub fn failed(&mut self, duty: Duty, block: u32) {
        let most = match duty {
            Duty::Play(_)
            | Duty::OpenRoot { .. }
            | Duty::Post { .. }
            | Duty::Publish { .. }
            | Duty::Commit { .. }
            | Duty::Attest { .. }
            | Duty::Reveal { .. } => MOST_DOUBLINGS_IN_GAMES,
            Duty::ProveFlaw { .. }
            | Duty::Challenge { .. }
            | Duty::ReportTimeout(_)
            | Duty::Demand { .. } => MOST_DOUBLINGS,
        };
        let failed = self.0.entry(duty).or_default();
        let pause = RETRY_BLOCKS << failed.times.min(most);
        failed.times = failed.times.saturating_add(1);
        failed.until = block.saturating_add(pause);
    }

    /// It was done.
    pub fn done(&mut self, duty: Duty) {
        self.0.remove(&duty);
    }

    /// Forgets what is about other jobs.
    pub fn retain(&mut self, is_alive: impl Fn(&u64) -> bool) {
        self.0.retain(|duty, _| is_alive(&duty.job()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_client::disputes::Blob;

    #[test]
    fn what_fails_should_be_tried_again_after_ever_longer_pauses() {
        let pauses = |duty| {
            let mut retries = Retries::default();
            [(); 8].map(|()| {
                retries.failed(duty, 100);
                let pause = (0..).find(|after| retries.is_due(duty, 100 + after + 1));
                pause.unwrap()
            })
        };
        let challenge = Duty::Challenge { job: 1 };
        assert_eq!(pauses(challenge), [5, 10, 20, 40, 80, 160, 160, 160]);
        let publish = Duty::Publish {
            job: 1,
            blob: Blob::Output,
            chunk: 0,
        };
        assert_eq!(pauses(publish), [5, 10, 10, 10, 10, 10, 10, 10]);
    }

    #[test]
    fn what_was_done_should_begin_anew() {
        let duty = Duty::Post { job: 1 };
        let mut retries = Retries::default();
        retries.failed(duty, 7);
        assert!(!retries.is_due(duty, 12) && retries.is_due(duty, 13));
        retries.done(duty);
        assert!(retries.is_due(duty, 8));
        retries.failed(duty, 7);
        retries.retain(|&job| job != 1);
        assert!(retries.is_due(duty, 8));
    }
}
