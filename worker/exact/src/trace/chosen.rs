//! How the claims about a chosen token are decided.

use super::{
    claim::{candidate_at, Claim, Fault},
    decide::{bounded, holds},
    reader::{Inputs, Reader, Sampling},
    record::Chosen,
    sum::Sum,
    tensor::Tensor,
};
use crate::{elementwise::argmax, layout::Weight, sampling};
use alloc::{vec, vec::Vec};

/// What decides how a candidate fares.
struct Candidate {
    scaled: i64,
    place: u64,
}

impl Chosen {
    /// The output token of number `ordinal` that `sampling` chooses after `logits` (Q16), or `given`
    /// instead, and the record of how it stands. `None` as sampling is greedy.
    pub fn of(
        logits: &[i32],
        sampling: Option<&Sampling>,
        ordinal: u32,
        given: Option<u32>,
    ) -> (u32, Self) {
        if let Some(sampling) = sampling {
            return draw(logits, sampling, ordinal, given);
        }
        let chosen = given.or_else(|| argmax(logits)).unwrap_or(0);
        let value = logits.get(chosen as usize).copied().unwrap_or(0);
        let record = Self {
            value: value.into(),
            ..Self::default()
        };
        (chosen, record)
    }
}

/// The token that `sampling` draws, or `given`, and its record.
fn draw(logits: &[i32], sampling: &Sampling, token: u32, given: Option<u32>) -> (u32, Chosen) {
    let parameters = &sampling.parameters;
    let scaled: Vec<i64> = logits.iter().map(|&l| parameters.scale(l)).collect();
    let largest = scaled.iter().copied().max().unwrap_or(0);
    let witness = scaled.iter().position(|&z| z == largest).unwrap_or(0);
    let mut places: Vec<u64> = (0u64..)
        .zip(&scaled)
        .map(|(index, &z)| sampling::place(largest.saturating_sub(z) as u64, index))
        .collect();
    let mut record = Chosen {
        largest,
        witness: witness as u32,
        ranked: parameters.top_k_limit(&mut places),
        nucleus: parameters.top_p_limit(&mut places),
        ..Chosen::default()
    };
    if parameters.has_nucleus() {
        for &place in &places {
            let weight = sampling::weight(place);
            record.total = record.total.saturating_add(weight);
            if place <= record.nucleus {
                record.kept = record.kept.saturating_add(weight);
            }
        }
    }
    // What has been ranked serves as space.
    let chosen = given
        .or_else(|| sampling::choose(logits, parameters, sampling.key, token, &mut places))
        .unwrap_or(0);
    let noise = sampling::noise(sampling.key, token, chosen);
    let z = scaled.get(chosen as usize).copied().unwrap_or(0);
    record.value = z.saturating_add(noise);
    (chosen, record)
}

impl<I: Inputs> Reader<'_, I> {
    /// One term of a sum over candidates.
    pub fn candidate_term(
        &self,
        sum: Sum,
        token: u64,
        candidate: u32,
        values: &[i64],
    ) -> Result<i64, Fault> {
        let (found, record) = self.candidate(token, candidate, values)?;
        let weight = sampling::weight(found.place) as i64;
        Ok(match sum {
            Sum::Ranked { .. } => (found.place <= record.ranked).into(),
            Sum::Kept { .. } if found.place > record.nucleus => 0,
            _ => weight,
        })
    }

    /// Logit of a candidate from its sum.
    fn logit(&self, token: u64, candidate: u32, values: &[i64]) -> Result<i32, Fault> {
        let outputs = self.outputs(Weight::Output, 0, token, candidate as usize, values)?;
        outputs.first().copied().ok_or(Fault::Unrevealed)
    }

    fn candidate(
        &self,
        token: u64,
        candidate: u32,
        values: &[i64],
    ) -> Result<(Candidate, Chosen), Fault> {
        let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
        let sampling = self.job.sampling.as_ref().ok_or(Fault::Unknown)?;
        let logit = self.logit(token, candidate, values)?;
        let scaled = sampling.parameters.scale(logit);
        // A scaled logit above the largest makes another claim false.
        let distance = record.largest.saturating_sub(scaled).max(0) as u64;
        let distance = distance.min(u64::MAX >> 20);
        let place = sampling::place(distance, candidate.into());
        Ok((Candidate { scaled, place }, record))
    }

    pub fn decide_chosen(&self, claim: &Claim, values: &[i64]) -> Result<Vec<Claim>, Fault> {
        let job = self.job;
        match *claim {
            Claim::ChosenRecord { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                holds(self.is_consistent(&record))
            }
            Claim::ChosenLargest { token, candidate } => {
                let (found, record) = self.candidate(token, candidate, values)?;
                let witness = record.witness;
                holds(
                    witness < self.header().vocabulary
                        && bounded(
                            &found.scaled,
                            candidate.into(),
                            &record.largest,
                            witness.into(),
                        ),
                )
            }
            Claim::ChosenRanked { token } => {
                let sampling = job.sampling.as_ref().ok_or(Fault::Unknown)?;
                let kept = sampling.parameters.top_k;
                Ok(vec![Sum::Ranked { token }.is(job, kept)?])
            }
            Claim::ChosenRankedAt { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                let candidate = candidate_at(self.header(), record.ranked)?;
                let (found, _) = self.candidate(token, candidate, values)?;
                holds(found.place == record.ranked)
            }
            Claim::ChosenTotal { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                Ok(vec![Sum::Total { token }.is(job, record.total)?])
            }
            Claim::ChosenKept { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                Ok(vec![Sum::Kept { token }.is(job, record.kept)?])
            }
            Claim::ChosenNucleusAt { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                let candidate = candidate_at(self.header(), record.nucleus)?;
                let (found, _) = self.candidate(token, candidate, values)?;
                holds(found.place == record.nucleus)
            }
            Claim::ChosenToken { token } => {
                let chosen = self.token(u64::from(job.prompt).saturating_add(token))?;
                let (value, limit, record) = self.rated(token, chosen, values)?;
                holds(limit && value == record.value)
            }
            Claim::ChosenBeats { token, candidate } => {
                let chosen = self.token(u64::from(job.prompt).saturating_add(token))?;
                let (value, kept, record) = self.rated(token, candidate, values)?;
                let bounded = bounded(&value, candidate.into(), &record.value, chosen.into());
                holds(!kept || bounded)
            }
            _ => Err(Fault::Unknown),
        }
    }

    /// What a candidate is ranked by, and whether every filter keeps it.
    fn rated(
        &self,
        token: u64,
        candidate: u32,
        values: &[i64],
    ) -> Result<(i64, bool, Chosen), Fault> {
        match &self.job.sampling {
            None => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                let logit = self.logit(token, candidate, values)?;
                Ok((logit.into(), true, record))
            }
            Some(sampling) => {
                let (found, record) = self.candidate(token, candidate, values)?;
                let noise = sampling::noise(sampling.key, token as u32, candidate);
                let limit = record.ranked.min(record.nucleus);
                let limit = limit.min(sampling.parameters.min_p_limit());
                let value = found.scaled.saturating_add(noise);
                Ok((value, found.place <= limit, record))
            }
        }
    }

    /// Whether a record has what the job's sampling asks for and nothing else, and top-p's place is
    /// the first that reaches it.
    fn is_consistent(&self, record: &Chosen) -> bool {
        let Some(sampling) = &self.job.sampling else {
            return *record
                == Chosen {
                    value: record.value,
                    ..Chosen::default()
                };
        };
        let parameters = &sampling.parameters;
        let ranks = parameters.ranks(self.header().vocabulary as usize);
        let ranked = ranks || record.ranked == u64::MAX;
        let nucleus = if parameters.has_nucleus() {
            let wanted = u128::from(parameters.top_p).saturating_mul(record.total.into());
            let reached = |sum: u64| u128::from(sum) << 16 >= wanted;
            let before = record.kept.checked_sub(sampling::weight(record.nucleus));
            reached(record.kept) && before.is_some_and(|before| !reached(before))
        } else {
            record.nucleus == u64::MAX && record.total == 0 && record.kept == 0
        };
        ranked && nucleus
    }
}
