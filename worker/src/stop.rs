//! Stop signals.

use tokio::sync::watch;

/// Becomes `true` at the first SIGINT or SIGTERM.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Starts listening. The second signal ends the process at once.
    pub fn listen() -> std::io::Result<Self> {
        let (sender, receiver) = watch::channel(false);
        #[cfg(unix)]
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            loop {
                #[cfg(unix)]
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
                #[cfg(not(unix))]
                let _ = tokio::signal::ctrl_c().await;
                if sender.send_replace(true) {
                    tracing::error!("second stop signal: leaving at once");
                    std::process::exit(1);
                }
                tracing::info!("stopping; a second signal leaves at once");
            }
        });
        Ok(Self(receiver))
    }

    /// Whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when a stop was asked for.
    pub async fn requested(&mut self) {
        // The sender lives as long as the process; without it nothing can ask for a stop.
        if self.0.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(test)]
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_should_be_requested_once_sent() {
        let (sender, mut stop) = Stop::by_hand();
        assert!(!stop.is_requested());
        sender.send_replace(true);
        assert!(stop.is_requested());
        stop.requested().await;
    }
}
