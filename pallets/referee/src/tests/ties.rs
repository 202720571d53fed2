//! Maxima that a row has more than once: the lowest index is the right one, and nobody is convicted for it.

use super::players::*;
use crate::mock::*;
use aipg_exact::{
    header::ModelHeader,
    layout::{input_mode, Weight},
    sampling::{self, Parameters},
    testing::{every_filter, shapes, Model, Numbers},
    trace::{
        claims, Chosen, Claim, Inputs, Leaf, NormRecord, Part, PeakRecord, Record, Replay,
        Sampling, SoftmaxRecord, Tensor,
    },
};
use aipg_primitives::HostBlake2;
use aipg_referee_game::Side;
use frame_support::assert_ok;
use std::sync::OnceLock;

/// A model and a job's true trace on it.
struct Scene {
    model: &'static Model,
    truth: Replay<'static>,
}

impl Scene {
    fn new(model: &'static Model, sampling: Option<Sampling>) -> Self {
        let truth = model.job(&PROMPT, sampling).generate(MOST, &[]).unwrap();
        Self { model, truth }
    }

    /// The trace of the answer with another token at a place.
    fn with_token(&self, place: usize, token: u32) -> Replay<'static> {
        let mut output = self.truth.output().to_vec();
        output[place] = token;
        let job = self.model.job(&PROMPT, self.truth.job().sampling);
        job.teacher_force(&output).unwrap()
    }
}

fn leak(model: Model) -> &'static Model {
    Box::leak(Box::new(model))
}

/// Jobs on models all of whose columns, keys and tokens are alike, greedy and with every filter; the last
/// with a window of one key.
fn even() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(|| {
        let mut headers = shapes().to_vec();
        headers.push(ModelHeader {
            window: 1,
            ..headers[1].clone()
        });
        let models = headers
            .into_iter()
            .map(|header| leak(Model::even::<HostBlake2>(header)));
        models
            .flat_map(|model| {
                [None, every_filter::<HostBlake2>()].map(|sampling| Scene::new(model, sampling))
            })
            .collect()
    })
}

/// Jobs on a model whose tokens have their logits in pairs.
fn pairs() -> Vec<Scene> {
    let mut model = Model::random::<HostBlake2>(shapes()[0].clone(), 1);
    model.pair_tokens::<HostBlake2>();
    let model = leak(model);
    [None, every_filter::<HostBlake2>()]
        .map(|sampling| Scene::new(model, sampling))
        .into()
}

/// Which number of a leaf says where the largest value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Witness {
    /// Of |x| in a norm.
    Largest,
    /// Of |u|, of which the row is quantised.
    Peak,
    /// Of scores.
    Score,
    /// Of logits.
    Logit,
}

/// A maximum that is there more than once.
#[derive(Debug)]
struct Tie {
    tensor: Tensor,
    leaf: u64,
    witness: Witness,
    /// Where it is first.
    first: u32,
    /// Where it is again: next and last.
    again: [u32; 2],
}

fn replace<R: Record>(bytes: &mut Vec<u8>, field: fn(&mut R) -> &mut u32, new: u32) -> u32 {
    let mut record = R::decode(bytes).unwrap();
    let before = std::mem::replace(field(&mut record), new);
    *bytes = record.encode();
    before
}

impl Tie {
    /// Makes the trace say that the largest value is elsewhere; where it was said to be.
    fn point(&self, trace: &mut Replay<'static>, index: u32) -> u32 {
        let bytes = trace.leaf_mut(self.tensor, self.leaf).unwrap();
        let is_peak = matches!(
            self.tensor,
            Tensor::Layer(_, Part::AttendedPeak | Part::GatedPeak)
        );
        match self.witness {
            Witness::Largest => replace::<NormRecord>(bytes, |it| &mut it.witness, index),
            Witness::Peak if is_peak => replace::<PeakRecord>(bytes, |it| &mut it.witness, index),
            Witness::Peak => replace::<NormRecord>(bytes, |it| &mut it.peak.witness, index),
            Witness::Score => replace::<SoftmaxRecord>(bytes, |it| &mut it.witness, index),
            Witness::Logit => replace::<Chosen>(bytes, |it| &mut it.witness, index),
        }
    }

    /// The claims of the leaf that are about this maximum.
    fn claims(&self, trace: &Replay<'_>) -> Vec<Claim> {
        let of_tie = |claim: &Claim| match claim {
            Claim::NormLargest { .. } => self.witness == Witness::Largest,
            Claim::NormPeak { .. } | Claim::AttendedPeak { .. } | Claim::GatedPeak { .. } => {
                self.witness == Witness::Peak
            }
            Claim::SoftmaxLargest { .. } => self.witness == Witness::Score,
            Claim::ChosenLargest { .. } => self.witness == Witness::Logit,
            _ => false,
        };
        let claims = claims(&trace.job(), self.tensor, self.leaf);
        claims.into_iter().filter(of_tie).collect()
    }
}

/// The element of a quantised row, as bytes.
fn quantised(trace: &Replay<'_>, tensor: Tensor, row: u64, wide: bool, column: u32) -> Vec<u8> {
    let elements = tensor.elements(trace.job().header);
    let (leaf, within) = (
        column as usize / elements.per_leaf(),
        column as usize % elements.per_leaf(),
    );
    let leaf = tensor.index(trace.job().header, row, leaf);
    let bytes = trace.leaf(Leaf::Trace(tensor, leaf)).unwrap();
    let each = if wide { 2 } else { 1 };
    bytes[within * each..][..each].to_vec()
}

/// Every maximum of the first and of the last row of a trace of an even model.
fn ties(trace: &Replay<'_>) -> Vec<Tie> {
    let job = trace.job();
    let header = job.header;
    let mut ties = Vec::new();
    let mut row_tie = |tensor: Tensor, witness, step: u32, width: u32| {
        for row in [0, tensor.rows(&job) - 1] {
            ties.push(Tie {
                tensor,
                leaf: row,
                witness,
                first: 0,
                again: [step, (width - 1) / step * step],
            });
        }
    };
    // A row whose elements are alike is, rotated, one in which the first of each block is.
    let mut peak = |tensor, made: Tensor, weight, layer, width| {
        let mode = input_mode(header, weight, layer);
        let step = if mode.rotated { 64 } else { 1 };
        for row in [0, made.rows(&job) - 1] {
            let at = |column| quantised(trace, made, row, mode.wide, column);
            assert_eq!(at(0), at(step), "{made:?}");
        }
        row_tie(tensor, Witness::Peak, step, width);
        if matches!(
            tensor,
            Tensor::FinalNorm | Tensor::Layer(_, Part::AttentionNorm | Part::FeedForwardNorm)
        ) {
            row_tie(tensor, Witness::Largest, 1, width);
        }
    };
    let (d, inner) = (header.model_dimension, header.feed_forward);
    let attended = header.heads * header.head_dimension;
    for layer in 0..header.layers as usize {
        let of = |part| Tensor::Layer(layer, part);
        for (records, made, weight, width) in [
            (Part::AttentionNorm, Part::AttentionInput, Weight::Query, d),
            (Part::FeedForwardNorm, Part::FeedForwardInput, Weight::Up, d),
            (
                Part::AttendedPeak,
                Part::OutputInput,
                Weight::AttentionOutput,
                attended,
            ),
            (Part::GatedPeak, Part::DownInput, Weight::Down, inner),
        ] {
            peak(of(records), of(made), weight, layer, width);
        }
    }
    peak(Tensor::FinalNorm, Tensor::FinalInput, Weight::Output, 0, d);
    let last = job.rows() - 1;
    for layer in 0..header.layers as usize {
        let tensor = Tensor::Layer(layer, Part::Softmax);
        let seen = header.window_of(layer).map_or(last + 1, u64::from);
        let first = (last + 1 - seen.min(last + 1)) as u32;
        // With one key there is no other: then the key before it, which is as large and not seen.
        let next = if seen == 1 { first - 1 } else { first + 1 };
        let end = if seen == 1 { next } else { last as u32 };
        ties.push(Tie {
            tensor,
            leaf: tensor.leaves(&job) - 1,
            witness: Witness::Score,
            first,
            again: [next, end],
        });
    }
    if job.sampling.is_some() {
        ties.push(Tie {
            tensor: Tensor::Chosen,
            leaf: 0,
            witness: Witness::Logit,
            first: 0,
            again: [1, header.vocabulary - 1],
        });
    }
    ties
}

/// The worker delivered `trace` and stands for it; the challenger has committed to `own`.
fn disputed<'a>(trace: &'a Replay<'static>, own: &Replay<'_>) -> Table<'a> {
    deliver(trace);
    let number = challenge(CHALLENGER, own);
    let posted = post(WORKER, trace);
    assert_ok!(open(CHALLENGER, number, own));
    Table {
        seat: seat(number, posted),
        challenger: CHALLENGER,
        defender: WORKER,
        trace,
    }
}

/// Who wins if the challenger knows that this leaf is false.
fn refute(lie: &Replay<'static>, truth: &Replay<'_>, tensor: Tensor, leaf: u64) {
    execute(|| {
        let (winner, _) = disputed(lie, truth).refute(tensor, leaf);
        assert_eq!(winner, Side::Challenger, "{tensor:?} {leaf}");
    });
}

/// A true trace is accused of this claim, and of each of its parts in turn.
fn accuse(truth: &Replay<'static>, tensor: Tensor, leaf: u64, claim: Claim) {
    let own = flipped(truth, tensor, leaf, 0);
    let mut parts = Numbers(leaf);
    execute(|| {
        let table = disputed(truth, &own);
        let (winner, _) = table.play(tensor, leaf, |_| claim, |_| parts.below(3) == 0);
        assert_eq!(winner, Side::Defender, "{claim:?}");
        assert!(Convicted::get().is_empty());
    });
}

#[test]
fn a_witness_that_is_not_the_first_of_equal_ones_should_be_refuted() {
    for Scene { truth, .. } in even() {
        for tie in ties(truth) {
            for index in tie.again {
                let mut lie = truth.clone();
                assert_eq!(tie.point(&mut lie, index), tie.first, "{tie:?}");
                refute(&lie, truth, tie.tensor, tie.leaf);
            }
        }
    }
}

/// A key that no query of the row may see has the largest score as well.
#[test]
fn a_witness_outside_of_the_window_should_be_refuted() {
    for Scene { truth, .. } in even().iter().filter(|scene| scene.model.header.window > 0) {
        let ties = ties(truth);
        let windowed = Tensor::Layer(0, Part::Softmax);
        let tie = ties.iter().find(|tie| tie.tensor == windowed).unwrap();
        assert!(tie.first > 0);
        let mut lie = truth.clone();
        tie.point(&mut lie, tie.first - 1);
        refute(&lie, truth, tie.tensor, tie.leaf);
    }
}

#[test]
fn the_first_of_equal_ones_should_not_be_refuted() {
    for Scene { truth, .. } in even() {
        for tie in ties(truth) {
            let claims = tie.claims(truth);
            assert!(!claims.is_empty());
            for claim in claims {
                accuse(truth, tie.tensor, tie.leaf, claim);
            }
        }
    }
}

#[test]
fn the_first_of_equal_tokens_should_be_the_only_greedy_choice() {
    let even = even().iter().filter(|it| it.truth.job().sampling.is_none());
    let paired = pairs().into_iter().next();
    for scene in even.chain(paired.as_ref()) {
        let truth = &scene.truth;
        let vocabulary = truth.job().header.vocabulary;
        for (place, &token) in truth.output().iter().enumerate() {
            assert_eq!(token % 2, 0);
            let leaf = place as u64;
            let twin = scene.with_token(place, token + 1);
            let record = |trace: &Replay<'_>| trace.hashed_leaf(Leaf::Trace(Tensor::Chosen, leaf));
            assert_eq!(record(&twin), record(truth), "the logits are equal");
            refute(&twin, &twin, Tensor::Chosen, leaf);
            for candidate in [0, token, token + 1, vocabulary - 1] {
                let token = leaf;
                let claim = Claim::ChosenBeats { token, candidate };
                accuse(truth, Tensor::Chosen, leaf, claim);
            }
        }
    }
}

/// Of equal logits top-k keeps those of the lowest tokens.
#[test]
fn a_filter_should_end_at_the_first_of_equal_tokens() {
    let sampled = |scene: &&Scene| scene.truth.job().sampling.is_some();
    for scene in even().iter().filter(sampled) {
        let truth = &scene.truth;
        let parameters = truth.job().sampling.unwrap().parameters;
        let end = parameters.top_k;
        for token in [end, truth.job().header.vocabulary - 1] {
            let lie = scene.with_token(0, token);
            refute(&lie, &lie, Tensor::Chosen, 0);
        }
        let record = truth.hashed_leaf(Leaf::Trace(Tensor::Chosen, 0)).unwrap();
        let record = Chosen::decode(&record).unwrap();
        assert_eq!(record.ranked, sampling::place(0, u64::from(end) - 1));
        for ranked in [record.ranked - 1, record.ranked + 1] {
            let lie = Chosen { ranked, ..record };
            let mut trace = truth.clone();
            *trace.leaf_mut(Tensor::Chosen, 0).unwrap() = lie.encode();
            refute(&trace, truth, Tensor::Chosen, 0);
        }
        for nucleus in [record.nucleus - 1, record.nucleus + 1] {
            let lie = Chosen { nucleus, ..record };
            let mut trace = truth.clone();
            *trace.leaf_mut(Tensor::Chosen, 0).unwrap() = lie.encode();
            refute(&trace, truth, Tensor::Chosen, 0);
        }
        for claim in [
            Claim::ChosenRanked { token: 0 },
            Claim::ChosenRankedAt { token: 0 },
            Claim::ChosenKept { token: 0 },
            Claim::ChosenNucleusAt { token: 0 },
        ] {
            accuse(truth, Tensor::Chosen, 0, claim);
        }
    }
    let paired = pairs().pop().unwrap();
    let record = paired.truth.hashed_leaf(Leaf::Trace(Tensor::Chosen, 0));
    let record = Chosen::decode(&record.unwrap()).unwrap();
    assert_eq!(record.witness % 2, 0);
    let witness = record.witness + 1;
    let lie = Chosen { witness, ..record };
    let mut trace = paired.truth.clone();
    *trace.leaf_mut(Tensor::Chosen, 0).unwrap() = lie.encode();
    refute(&trace, &paired.truth, Tensor::Chosen, 0);
    for candidate in [record.witness, witness] {
        let claim = Claim::ChosenLargest {
            token: 0,
            candidate,
        };
        accuse(&paired.truth, Tensor::Chosen, 0, claim);
    }
}

/// Equal logits and equal noise: two candidates that draw the same.
#[test]
fn the_first_of_equal_draws_should_be_the_only_choice() {
    let model = even()[0].model;
    let vocabulary = model.header.vocabulary;
    let draws = |seed| {
        let key = sampling::key::<HostBlake2>(seed);
        (0..vocabulary).map(move |candidate| sampling::noise(key, 0, candidate))
    };
    let is_tie = |&seed: &u64| {
        let most = draws(seed).max();
        draws(seed).filter(|&draw| Some(draw) == most).count() == 2
    };
    let seed = (0..2_000_000).find(is_tie).expect("a seed with a tie");
    let most = draws(seed).max().unwrap();
    let tied: Vec<u32> = (0..vocabulary)
        .zip(draws(seed))
        .filter_map(|(candidate, draw)| (draw == most).then_some(candidate))
        .collect();
    let parameters = Parameters {
        beta: 1 << 16,
        top_k: 0,
        top_p: sampling::WHOLE,
        min_p: None,
    };
    let key = sampling::key::<HostBlake2>(seed);
    let scene = Scene::new(model, Some(Sampling { parameters, key }));
    assert_eq!(scene.truth.output()[0], tied[0]);
    let lie = scene.with_token(0, tied[1]);
    let play = |trace: &Replay<'static>, own: &Replay<'_>, claim: Option<Claim>| {
        execute(|| {
            deliver(trace);
            Results::mutate(|results| results.get_mut(&JOB).unwrap().parameters.seed = seed);
            let number = challenge(CHALLENGER, own);
            let posted = post(WORKER, trace);
            assert_ok!(open(CHALLENGER, number, own));
            let table = Table {
                seat: seat(number, posted),
                challenger: CHALLENGER,
                defender: WORKER,
                trace,
            };
            let (winner, expected) = match claim {
                None => (table.refute(Tensor::Chosen, 0).0, Side::Challenger),
                Some(claim) => {
                    let (winner, _) = table.play(Tensor::Chosen, 0, |_| claim, |_| true);
                    (winner, Side::Defender)
                }
            };
            assert_eq!(winner, expected);
        });
    };
    play(&lie, &lie, None);
    let own = flipped(&scene.truth, Tensor::Chosen, 0, 0);
    for candidate in tied {
        let claim = Claim::ChosenBeats {
            token: 0,
            candidate,
        };
        play(&scene.truth, &own, Some(claim));
    }
}
