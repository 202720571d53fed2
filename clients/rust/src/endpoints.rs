//! Several nodes, of which one is enough.

use crate::{ChainError, Client, Hash};
use std::time::Duration;

/// Blocks by which a node may be behind the newest one that was seen before another is preferred.
const FAR_BEHIND: u32 = 10;

/// Pauses that double up to a limit.
#[derive(Clone, Debug)]
pub struct Backoff {
    shortest: Duration,
    longest: Duration,
    attempts: u32,
}

impl Backoff {
    pub fn new(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest,
            attempts: 0,
        }
    }

    /// From now on no pause is longer than `longest`.
    pub fn limit(&mut self, longest: Duration) {
        self.longest = longest.max(self.shortest);
    }

    /// The next pause.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self
            .shortest
            .saturating_mul(2u32.saturating_pow(self.attempts))
            .min(self.longest);
        self.attempts = self.attempts.saturating_add(1);
        pause
    }

    /// Begins with the shortest pause again.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// The addresses of nodes, in the order of preference.
#[derive(Clone, Debug)]
pub struct Endpoints {
    urls: Vec<String>,
    current: usize,
    genesis: Option<Hash>,
    newest: u32,
}

impl Endpoints {
    pub fn new(urls: Vec<String>) -> Self {
        Self {
            urls,
            current: 0,
            genesis: None,
            newest: 0,
        }
    }

    /// From now on nodes of any other chain are refused.
    pub fn expect_genesis(&mut self, genesis: Hash) {
        self.genesis = Some(genesis);
    }

    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The next attempt begins with the endpoint after the one that was used last.
    pub fn fail_over(&mut self) {
        self.current = self.current.wrapping_add(1);
    }

    /// Notes the height of a block that some node has: nodes far behind it are passed over.
    pub fn saw(&mut self, block: u32) {
        self.newest = self.newest.max(block);
    }

    /// Connects to the first node that answers, belongs to the chain, is not syncing and not far
    /// behind the blocks seen so far. Each one is tried once, beginning with the one that was used
    /// last. A node that is far behind is taken when there is no other: its chain may be the only
    /// one left.
    ///
    /// # Errors
    /// [`ChainError::OtherChain`] or [`ChainError::Incompatible`] if every node is of that kind,
    /// else the last error of another kind.
    pub async fn connect(&mut self) -> Result<Client, ChainError> {
        let count = self.urls.len();
        let mut passed_over = PassedOver::default();
        for offset in 0..count {
            let index = self.current.wrapping_add(offset) % count;
            match self.open(&self.urls[index]).await {
                Ok((client, best)) if best.saturating_add(FAR_BEHIND) >= self.newest => {
                    passed_over.tell();
                    return Ok(self.take(index, client, best));
                }
                Ok((client, best)) => passed_over.keep(index, client, best),
                Err(error) => passed_over.note(&self.urls[index], error),
            }
        }
        match passed_over.behind.take() {
            Some((index, client, best)) => {
                passed_over.tell();
                Ok(self.take(index, client, best))
            }
            None => Err(passed_over.failure()),
        }
    }

    fn take(&mut self, index: usize, client: Client, best: u32) -> Client {
        self.current = index;
        // Not the greater one: the chain may have been started anew.
        self.newest = best;
        client
    }

    /// The connection, and the height of the node's best block.
    async fn open(&self, url: &str) -> Result<(Client, u32), ChainError> {
        let client = Client::connect(url).await?;
        let found = client.genesis();
        if let Some(expected) = self.genesis.filter(|genesis| *genesis != found) {
            return Err(ChainError::OtherChain { expected, found });
        }
        let health = client.health().await?;
        if health.is_syncing {
            return Err(ChainError::Syncing {
                best: health.best,
                peers: health.peers,
            });
        }
        Ok((client, health.best))
    }
}

/// The nodes that one attempt did not choose.
#[derive(Default)]
struct PassedOver {
    errors: Vec<(String, ChainError)>,
    /// The one farthest ahead of those that are far behind.
    behind: Option<(usize, Client, u32)>,
}

impl PassedOver {
    fn note(&mut self, url: &str, error: ChainError) {
        self.errors.push((url.to_owned(), error));
    }

    fn keep(&mut self, index: usize, client: Client, best: u32) {
        tracing::warn!(node = client.url(), best, "the node is far behind");
        if self.behind.as_ref().is_none_or(|(.., other)| best > *other) {
            self.behind = Some((index, client, best));
        }
    }

    /// Says why the nodes before the one that is used are not.
    fn tell(&self) {
        for (node, error) in &self.errors {
            tracing::warn!(node, %error, "passing over a node");
        }
    }

    /// What to say when no node can be used.
    fn failure(self) -> ChainError {
        let mut errors = self.errors.into_iter().map(|(_, error)| error);
        let Some(first) = errors.next() else {
            return ChainError::Transport("no node address is given".into());
        };
        errors.fold(first, worse)
    }
}

/// Of two failures the one that may pass: as long as one node may come back, waiting helps.
fn worse(first: ChainError, second: ChainError) -> ChainError {
    let is_lasting = |error: &ChainError| {
        matches!(
            error,
            ChainError::OtherChain { .. } | ChainError::Incompatible(_)
        )
    };
    match is_lasting(&second) {
        true => first,
        false => second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_should_double_up_to_the_limit_and_begin_anew_after_a_reset() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let seconds: Vec<u64> = (0..7).map(|_| backoff.next_pause().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        for _ in 0..100 {
            assert_eq!(backoff.next_pause().as_secs(), 30);
        }
        backoff.reset();
        assert_eq!(backoff.next_pause().as_secs(), 1);
        backoff.limit(Duration::from_secs(3));
        let seconds: Vec<u64> = (0..3).map(|_| backoff.next_pause().as_secs()).collect();
        assert_eq!(seconds, [2, 3, 3]);
        backoff.limit(Duration::ZERO);
        assert_eq!(
            backoff.next_pause().as_secs(),
            1,
            "never under the shortest"
        );
    }

    #[tokio::test]
    async fn connection_should_fail_by_name_when_no_endpoint_answers() {
        // Nothing listens on the reserved ports 1 and 2.
        let urls = ["ws://127.0.0.1:1", "ws://127.0.0.1:2"];
        let mut endpoints = Endpoints::new(urls.map(str::to_owned).to_vec());
        for _ in 0..3 {
            let error = endpoints.connect().await.err().unwrap();
            assert!(error.is_transport(), "{error}");
            endpoints.fail_over();
        }
        let error = Endpoints::new(Vec::new()).connect().await.err().unwrap();
        assert!(error.to_string().contains("no node address"), "{error}");
    }

    #[test]
    fn failure_that_may_pass_should_win_over_one_that_lasts() {
        let lost = || ChainError::Transport("gone".into());
        let other = || ChainError::Incompatible("calls".into());
        assert!(worse(lost(), other()).is_transport());
        assert!(worse(other(), lost()).is_transport());
        let lasting = worse(other(), other());
        assert!(matches!(lasting, ChainError::Incompatible(_)));
        let mut passed_over = PassedOver::default();
        passed_over.note("ws://a", other());
        passed_over.note("ws://b", lost());
        assert!(passed_over.failure().is_transport());
    }
}
