//! What is false, and how it is stood for.

use crate::{Lie, StallAt};
use aipg_client::disputes::Stage;
use aipg_engine::trace::{MemoryBudget, Position, Trace};
use aipg_exact::trace::{Claim, Fault, Part, Tensor};
use aipg_worker::{conduct::Conduct, inference::Task, jobs::Answer, work::Work};

/// A worker that lies.
#[derive(Debug)]
pub struct Liar {
    pub lie: Option<Lie>,
    /// Per cent of the jobs that it lies about.
    pub lie_share: u8,
    pub silent: bool,
    pub stall: Option<StallAt>,
    pub false_sums: bool,
    pub accuse: bool,
    pub hide: bool,
    pub withhold: bool,
    pub stamp: bool,
    pub mute: bool,
}

impl Conduct for Liar {
    fn answer(&self, task: &Task, answer: Answer) -> Answer {
        let Some(lie) = self.lie.filter(|_| self.lies_about(task.job)) else {
            return answer;
        };
        let vocabulary = task.model.header().vocabulary;
        let Answer { mut tokens, digest } = answer;
        match lie {
            Lie::Garbage => {
                let most = u64::from(task.max_output);
                let made_up = |place| ((place * 7_919 + task.job) % u64::from(vocabulary)) as u32;
                Answer {
                    tokens: (1..=most).map(made_up).collect(),
                    digest: [0x5a; 32],
                }
            }
            Lie::Cheap => {
                let half = &task.prompt[task.prompt.len() / 2..];
                generate(task, half, task.seed).unwrap_or(Answer { tokens, digest })
            }
            Lie::Token | Lie::Record => {
                let is_stop = |token: &u32| task.stop.contains(token);
                // One before the end, so that the answer's length says nothing.
                let place = tokens.len().saturating_sub(2);
                if let Some(token) = tokens.get_mut(place) {
                    *token = (1..vocabulary)
                        .map(|step| (*token + step) % vocabulary)
                        .find(|other| !is_stop(other))
                        .unwrap_or(*token);
                }
                self.stand_for(task, tokens)
            }
            Lie::Pixel => {
                let middle = tokens.len() / 2;
                if let Some(byte) = tokens.get_mut(middle) {
                    *byte ^= 1;
                }
                self.stand_for(task, tokens)
            }
            Lie::Accumulator | Lie::Digest => self.stand_for(task, tokens),
            Lie::Short => {
                tokens.truncate(tokens.len().div_ceil(2));
                if tokens.last().is_some_and(|last| task.stop.contains(last)) {
                    tokens.pop();
                }
                self.stand_for(task, tokens)
            }
            Lie::Long => {
                let stop = task.stop.first().copied().unwrap_or_default();
                tokens.truncate(task.max_output.saturating_sub(2) as usize);
                tokens.extend([stop, stop]);
                self.stand_for(task, tokens)
            }
            Lie::Seed => match generate(task, &task.prompt, task.seed ^ 1) {
                Some(other) => self.stand_for(task, other.tokens),
                None => Answer { tokens, digest },
            },
            Lie::Unknown => {
                if let Some(token) = tokens.first_mut() {
                    *token = vocabulary;
                }
                Answer { tokens, digest }
            }
        }
    }

    fn trace(&self, trace: &mut Trace<'_>) {
        let header = trace.job().header;
        let deep = Tensor::Layer(header.layers as usize / 2, Part::AttentionInput);
        let last = Tensor::last(header);
        // What output tokens are judged by.
        let record = header.picture().map_or(Tensor::Chosen, |picture| {
            Tensor::Latent(picture.steps as usize)
        });
        match self.lie {
            Some(Lie::Accumulator) => {
                flip(trace, deep);
                flip(trace, last);
            }
            Some(Lie::Digest) => flip(trace, last),
            Some(Lie::Record) => flip(trace, record),
            _ => {}
        }
    }

    fn sums(&self, position: &Position<'_>, claim: &Claim, sums: Vec<i64>) -> Vec<i64> {
        if !self.false_sums {
            return sums;
        }
        best_lie(position, claim, &sums).unwrap_or(sums)
    }

    fn stores(&self) -> bool {
        !self.hide
    }

    fn publishes(&self) -> bool {
        !self.withhold
    }

    fn defends(&self) -> bool {
        !self.silent
    }

    fn moves(&self, stage: &Stage) -> bool {
        !matches!(
            (self.stall, stage),
            (Some(StallAt::Opening), Stage::Opening)
                | (Some(StallAt::Nodes), Stage::Nodes(_))
                | (Some(StallAt::Choice), Stage::Choice(_))
                | (Some(StallAt::Leaf), Stage::Leaf(_))
                | (Some(StallAt::Accusation), Stage::Accusation(_))
                | (Some(StallAt::Sums), Stage::Sums(..))
                | (Some(StallAt::Verdict), Stage::Verdict(..))
        )
    }

    fn accuses(&self) -> bool {
        self.accuse
    }

    fn attests(&self) -> bool {
        !self.mute
    }

    fn stamps(&self, job: u64) -> Option<[u8; 32]> {
        // Other than any trace's: it has computed none.
        let made_up = (job as u8).wrapping_mul(31).wrapping_add(7);
        self.stamp.then_some([made_up; 32])
    }

    fn persists(&self) -> bool {
        self.accuse
    }
}

impl Liar {
    /// Whether a job is one of those that it lies about: spread evenly, and the same after a restart.
    fn lies_about(&self, job: u64) -> bool {
        let share = u64::from(self.lie_share);
        (job + 1) * share / 100 > job * share / 100
    }

    /// An answer with the digest that its trace ends in, false as that may be.
    fn stand_for(&self, task: &Task, tokens: Vec<u32>) -> Answer {
        let trace = task
            .work()
            .trace(&task.model, &tokens, MemoryBudget::UNLIMITED);
        let digest = match trace {
            Ok(mut trace) => {
                self.trace(&mut trace);
                trace.digest()
            }
            Err(_) => [0; 32],
        };
        Answer { tokens, digest }
    }
}

/// The model's answer to another prompt, or from another seed; `None` if it cannot run that.
fn generate(task: &Task, prompt: &[u32], seed: u64) -> Option<Answer> {
    let work = Work {
        prompt,
        seed,
        ..task.work()
    };
    work.answer(&task.model, &mut |_| {}).ok()
}

/// Flips a bit in the middle leaf of a tensor.
fn flip(trace: &mut Trace<'_>, tensor: Tensor) {
    let index = tensor.leaves(&trace.job()) / 2;
    if let Some(mut leaf) = trace.leaf(tensor, index) {
        let middle = leaf.len() / 2;
        if let Some(byte) = leaf.get_mut(middle) {
            *byte ^= 1;
        }
        trace.falsify(tensor, index, leaf);
    }
}

/// Values with which a claim does not fail at once, if a search over the first one finds some.
fn best_lie(position: &Position<'_>, claim: &Claim, truth: &[i64]) -> Option<Vec<i64>> {
    let job = position.job();
    let holds = |values: &[i64]| -> Result<(), Fault> {
        claim.check(&job, values, position)?;
        Ok(())
    };
    if truth.is_empty() || holds(truth).is_ok() {
        return None;
    }
    let mut lie = truth.to_vec();
    if let Claim::Terms { value, count, .. } = claim {
        if *count > 1 {
            // Parts that add up: the last one carries the difference.
            let sum: i64 = truth.iter().sum();
            *lie.last_mut()? += value - sum;
            return Some(lie);
        }
    }
    for power in 0..44 {
        for numerator in [4i64, 5, 6, 7, -4, -5, -6, -7] {
            lie[0] = truth[0] + (numerator << power) / 4;
            if holds(&lie).is_ok() {
                return Some(lie);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_client::Sampling;
    use aipg_engine::{file::MAGIC, Blake2b256, Model, RunError};
    use aipg_exact::testing::{self, small_picture_header};
    use aipg_worker::work::WorkError;
    use std::sync::Arc;

    fn liar(lie: Lie) -> Liar {
        Liar {
            lie: Some(lie),
            lie_share: 100,
            silent: false,
            stall: None,
            false_sums: false,
            accuse: false,
            hide: false,
            withhold: false,
            stamp: false,
            mute: false,
        }
    }

    /// A job of a picture of 384 bytes.
    fn picture_task() -> Task {
        let random = testing::Model::random::<Blake2b256>(small_picture_header(), 3);
        let bytes = [
            MAGIC.as_slice(),
            &random.header.root::<Blake2b256>(),
            &random.header.encode(),
            &random.scales,
            &random.tables,
            &random.weights,
        ]
        .concat();
        Task {
            job: 0,
            ticket: 1,
            model: Arc::new(Model::from_bytes(&bytes).unwrap()),
            prompt: vec![5, 255],
            max_output: 384,
            stop: vec![],
            seed: 9,
            sampling: Sampling::Greedy,
        }
    }

    fn truth(task: &Task) -> Answer {
        task.work().answer(&task.model, &mut |_| {}).unwrap()
    }

    #[test]
    fn pixel_should_be_the_only_thing_that_is_false() {
        let task = picture_task();
        let truth = truth(&task);
        let told = liar(Lie::Pixel).answer(&task, truth.clone());
        assert_eq!(told.digest, truth.digest);
        let pairs = truth.tokens.iter().zip(&told.tokens).enumerate();
        let differs = pairs.filter(|(_, (own, told))| own != told);
        assert_eq!(differs.map(|(index, _)| index).collect::<Vec<_>>(), [192]);
        let found = task.work().digest(&task.model, &told.tokens);
        assert!(matches!(
            found,
            Err(WorkError::Run(RunError::OutputMismatch { index: 192, .. }))
        ));
    }

    /// Lies that are told as a whole picture, of which a checker finds each.
    #[test]
    fn lies_about_pictures_should_be_lies() {
        let task = picture_task();
        let truth = truth(&task);
        for lie in [
            Lie::Garbage,
            Lie::Cheap,
            Lie::Token,
            Lie::Record,
            Lie::Accumulator,
            Lie::Digest,
            Lie::Seed,
            Lie::Unknown,
            Lie::Pixel,
        ] {
            let told = liar(lie).answer(&task, truth.clone());
            assert_eq!(told.tokens.len(), 384, "{lie:?}");
            let found = task.work().digest(&task.model, &told.tokens);
            assert!(found.is_err() || found.unwrap() != told.digest, "{lie:?}");
        }
    }
}
