//! Results of others: fetched in time, each checked by one prefill, so that a false one is challenged.

use super::{
    duties::Moment,
    study::{self, Subject},
    Disputes, MAX_WAITING,
};
use aipg_client::{disputes::Case, ChainError, Client, State};

/// What was found about a result by one prefill.
pub(super) struct Checked {
    job: u64,
    /// Why it is false; `None` if it is right.
    reason: Option<String>,
}

impl Disputes {
    /// Fetches what the results of others are checked with, so that what cannot be found is noticed in time, and
    /// begins to check the next one that nobody here has checked.
    pub(super) async fn check_results(
        &mut self,
        client: &Client,
        state: &State,
        disputed: &[u64],
        now: Moment,
    ) -> Result<(), ChainError> {
        let results = state.results().await?;
        let is_there =
            |job: &u64| disputed.contains(job) || results.iter().any(|result| result.job == *job);
        self.checked.retain(|job, _| is_there(job));
        self.lists.retain(is_there);
        self.waiting.retain(|job, _| is_there(job));
        let windows = state.windows().await?;
        for result in results {
            let job = result.job;
            let is_open = Case::new(result.delivered, windows).takes_challenges(now.tick);
            let is_own = result.worker == self.account;
            let is_known = self.checked.contains_key(&job)
                || self.waiting.contains_key(&job)
                || self.checking == Some(job);
            if is_own || !is_open || is_known || self.waiting.len() == MAX_WAITING {
                continue;
            }
            if let Some(subject) = self.subject(client, state, result).await? {
                self.waiting.insert(job, subject);
            }
        }
        if self.checking.is_none() {
            if let Some((_, subject)) = self.waiting.pop_first() {
                self.check(subject);
            }
        }
        Ok(())
    }

    /// Checks a result on a thread of its own.
    fn check(&mut self, subject: Subject) {
        let job = subject.result.job;
        self.checking = Some(job);
        let (sender, news) = (self.verdict_sender.clone(), self.news.clone());
        let accuses = self.conduct.accuses();
        tokio::task::spawn_blocking(move || {
            let unfounded = || accuses.then(|| "it pays to say so".to_owned());
            let reason = study::what_is_false(&subject).or_else(unfounded);
            // Whoever asked may have gone.
            let _ = sender.send(Checked { job, reason });
            news.notify_one();
        });
    }

    pub(super) fn judge(&mut self, checked: Checked) {
        let Checked { job, reason } = checked;
        self.checking = None;
        self.metrics.checked(reason.is_none());
        match &reason {
            None => tracing::info!(job, "checked a result: it is right"),
            Some(reason) => tracing::warn!(job, reason, "checked a result: it is FALSE"),
        }
        self.checked.insert(job, reason.is_none());
    }
}
