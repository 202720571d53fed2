use super::*;
use crate::tree::depth;

fn verdict(commitment: &Commitment, sample: Sample, opening: &Opening) -> Result<(), OpeningError> {
    check::<Blake>(&chain(), commitment, sample, opening)
}

const SAMPLE: Sample = Sample {
    step: 2,
    row: 9,
    segment: 3,
};

#[test]
fn opening_should_be_refused_when_it_is_of_another_account() {
    let commitment = commit(states());
    let thief = Chain::new::<Blake>(&SEED, b"thief");
    for step in 1..=STEPS {
        let sample = Sample { step, ..SAMPLE };
        let opening = open(states(), sample);
        assert_eq!(verdict(&commitment, sample, &opening), Ok(()));
        assert_eq!(
            check::<Blake>(&thief, &commitment, sample, &opening),
            Err(OpeningError::Segment)
        );
    }
}

#[test]
fn opening_should_be_refused_when_there_is_no_such_sample() {
    let commitment = commit(states());
    let opening = open(states(), SAMPLE);
    for sample in [
        Sample { step: 0, ..SAMPLE },
        Sample {
            step: STEPS + 1,
            ..SAMPLE
        },
        Sample {
            row: ROWS,
            ..SAMPLE
        },
        Sample {
            segment: SEGMENTS,
            ..SAMPLE
        },
    ] {
        assert_eq!(
            verdict(&commitment, sample, &opening),
            Err(OpeningError::NoSuchSample),
            "{sample:?}"
        );
    }
}

#[test]
fn opening_should_be_refused_when_the_row_before_is_missing_or_not_asked_for() {
    let commitment = commit(states());
    let mut opening = open(states(), SAMPLE);
    let before = opening.before.take();
    assert_eq!(
        verdict(&commitment, SAMPLE, &opening),
        Err(OpeningError::RowBefore)
    );
    let first = Sample { step: 1, ..SAMPLE };
    let mut opening = open(states(), first);
    opening.before = before;
    assert_eq!(
        verdict(&commitment, first, &opening),
        Err(OpeningError::RowBefore)
    );
}

#[test]
fn opening_should_be_refused_when_a_row_has_another_length() {
    let commitment = commit(states());
    for is_before in [true, false] {
        for length in [0, WIDTH as usize - 1, WIDTH as usize + 1] {
            let mut opening = open(states(), SAMPLE);
            let before = opening.before.as_mut().unwrap();
            let row = if is_before {
                before
            } else {
                &mut opening.after
            };
            row.bytes.resize(length, 0);
            assert_eq!(
                verdict(&commitment, SAMPLE, &opening),
                Err(OpeningError::RowLength)
            );
        }
    }
}

#[test]
fn opening_should_be_refused_when_it_is_of_another_commitment() {
    let commitment = commit(states());
    let shorter = commit(&states()[..3]);
    let opening = open(states(), SAMPLE);
    assert_eq!(verdict(&shorter, SAMPLE, &opening), Err(OpeningError::Path));
    for wrong in [
        Commitment {
            steps: STEPS + 1,
            ..commitment
        },
        Commitment {
            root: [1; 32],
            ..commitment
        },
    ] {
        assert_eq!(verdict(&wrong, SAMPLE, &opening), Err(OpeningError::Path));
    }
}

#[test]
fn step_should_be_refused_when_it_was_not_computed() {
    // Step 2 is a copy of step 1, honestly committed to.
    let mut lie = states()[..2].to_vec();
    lie.push(lie[1].clone());
    let commitment = commit(&lie);
    let first = Sample { step: 1, ..SAMPLE };
    assert_eq!(verdict(&commitment, first, &open(&lie, first)), Ok(()));
    assert_eq!(
        verdict(&commitment, SAMPLE, &open(&lie, SAMPLE)),
        Err(OpeningError::Segment)
    );
}

#[test]
fn step_should_be_refused_when_it_used_the_weights_of_another() {
    let mut lie = states()[..2].to_vec();
    lie.push(chain().advance(2, 0, &lie[1], &chain().weights(3)));
    let commitment = commit(&lie);
    assert_eq!(
        verdict(&commitment, SAMPLE, &open(&lie, SAMPLE)),
        Err(OpeningError::Segment)
    );
}

#[test]
fn step_should_be_refused_when_its_rows_were_not_fresh() {
    let first = &states()[..2];
    let stale = |step, row| {
        let mut lie = first.to_vec();
        lie.push(chain().advance(step, row, &lie[1], &chain().weights(2)));
        verdict(&commit(&lie), SAMPLE, &open(&lie, SAMPLE))
    };
    assert_eq!(stale(2, 0), Ok(()));
    // Fresh elements of a later step, and of other rows.
    assert_eq!(stale(18, 0), Err(OpeningError::Segment));
    assert_eq!(stale(2, 1), Err(OpeningError::Segment));
}

/// What one saves who copies rows is found in all but the first of them.
#[test]
fn rows_should_be_refused_when_one_stands_for_all() {
    let mut lie = states()[..2].to_vec();
    let width = WIDTH as usize;
    let row = lie[1][..width].to_vec();
    lie[1]
        .chunks_mut(width)
        .for_each(|other| other.copy_from_slice(&row));
    let next = chain().advance(2, 0, &row, &chain().weights(2));
    lie.push(next.repeat(ROWS as usize));
    let commitment = commit(&lie);
    for (row, expected) in [(0, Ok(())), (1, Err(OpeningError::Segment))] {
        let sample = Sample { row, ..SAMPLE };
        assert_eq!(verdict(&commitment, sample, &open(&lie, sample)), expected);
    }
}

#[test]
fn step_should_go_on_from_what_was_committed_to_when_that_is_false() {
    // Only the false step itself is false: skipping one saves one.
    let mut lie = states()[..2].to_vec();
    lie[1].fill(-128);
    lie.push(step_of(2, &lie[1]));
    let commitment = commit(&lie);
    let first = Sample { step: 1, ..SAMPLE };
    assert_eq!(
        verdict(&commitment, first, &open(&lie, first)),
        Err(OpeningError::Segment)
    );
    assert_eq!(verdict(&commitment, SAMPLE, &open(&lie, SAMPLE)), Ok(()));
}

/// Of eight samples at least one is false with 1 − computed⁸.
#[test]
fn skipped_segments_should_be_found_in_proportion() {
    let honest = &states()[..2];
    for (computed, least, most) in [(8, 990, 1_000), (14, 550, 760), (15, 310, 500)] {
        // So many of 16 segments of each row are computed, others in each row.
        let mut lie = honest.to_vec();
        for (row, elements) in lie[1].chunks_mut(WIDTH as usize).enumerate() {
            for skipped in computed..SEGMENTS as usize {
                let start = (row + skipped) % SEGMENTS as usize * SEGMENT as usize;
                elements[start..start + SEGMENT as usize].fill(1);
            }
        }
        let commitment = commit(&lie);
        let rounds = 400u32;
        let found = (0..rounds)
            .filter(|round| {
                let mut seed = [0; 32];
                seed[..4].copy_from_slice(&round.to_le_bytes());
                let drawn = samples::<Blake>(&seed, 1, 8);
                // Without paths, which would be right: what is asked is where the samples fall.
                drawn.iter().any(|sample| {
                    let start = (sample.row * WIDTH + sample.segment * SEGMENT) as usize;
                    let segment = start..start + SEGMENT as usize;
                    lie[1][segment.clone()] != honest[1][segment]
                })
            })
            .count();
        let permill = found * 1_000 / rounds as usize;
        assert!(
            (least..=most).contains(&permill),
            "{permill} at {computed} of 16"
        );
        // And the check finds them where they fall.
        let drawn = samples::<Blake>(&SEED, 1, 8);
        for sample in drawn {
            let start = (sample.row * WIDTH + sample.segment * SEGMENT) as usize;
            let segment = start..start + SEGMENT as usize;
            let is_right = lie[1][segment.clone()] == honest[1][segment];
            assert_eq!(
                verdict(&commitment, sample, &open(&lie, sample)).is_ok(),
                is_right
            );
        }
    }
}

#[test]
fn a_path_should_have_28_siblings_when_the_chain_is_the_longest() {
    assert_eq!(depth(leaves(1 << 20)), 28);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn opening_should_hold_when_the_chain_was_computed(sample in sample()) {
        let commitment = commit(states());
        prop_assert_eq!(verdict(&commitment, sample, &open(states(), sample)), Ok(()));
    }

    #[test]
    fn opening_should_be_refused_when_anything_of_it_is_changed(
        sample in sample(),
        is_before: bool,
        in_path: bool,
        place: prop::sample::Index,
        flip in 1u8..,
    ) {
        let commitment = commit(states());
        let mut opening = open(states(), sample);
        let row = match &mut opening.before {
            Some(before) if is_before => before,
            _ => &mut opening.after,
        };
        if in_path {
            let bytes = place.index(row.path.len() * 32);
            row.path[bytes / 32][bytes % 32] ^= flip;
        } else {
            let byte = place.index(row.bytes.len());
            row.bytes[byte] ^= flip;
        }
        prop_assert_eq!(verdict(&commitment, sample, &opening), Err(OpeningError::Path));
    }

    #[test]
    fn opening_should_be_refused_when_it_is_of_another_sample(one in sample(), other in sample()) {
        let commitment = commit(states());
        let opening = open(states(), one);
        let is_same_rows = (one.step, one.row) == (other.step, other.row);
        let expected = match verdict(&commitment, other, &opening) {
            // The same rows show every segment of theirs.
            Ok(()) => is_same_rows,
            Err(OpeningError::RowBefore) => (one.step == 1) != (other.step == 1),
            Err(OpeningError::Path) => !is_same_rows,
            Err(_) => false,
        };
        prop_assert!(expected);
    }

    #[test]
    fn a_false_element_should_be_found_exactly_in_its_segment(
        place in 0..ROWS * WIDTH,
        change in 1u8..,
    ) {
        let mut lie = states()[..2].to_vec();
        let element = &mut lie[1][place as usize];
        *element = (*element as u8).wrapping_add(change) as i8;
        let commitment = commit(&lie);
        let (row, segment) = (place / WIDTH, place % WIDTH / SEGMENT);
        for asked in [segment, (segment + 1) % SEGMENTS] {
            let sample = Sample { step: 1, row, segment: asked };
            let found = verdict(&commitment, sample, &open(&lie, sample));
            let expected = if asked == segment { Err(OpeningError::Segment) } else { Ok(()) };
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn sparse_commitments_should_hold_in_their_samples_only(
        seed: [u8; 32],
        steps in prop_oneof![1u32..4, 1u32..1 << 20],
    ) {
        let chain = Chain::new::<Blake>(&seed, ACCOUNT);
        let drawn = samples::<Blake>(&seed, steps, 3);
        let (commitment, openings) = commit_to::<Blake>(&chain, steps, &drawn);
        for (sample, opening) in drawn.iter().zip(&openings) {
            prop_assert_eq!(check::<Blake>(&chain, &commitment, *sample, opening), Ok(()));
            let length = opening.after.path.len() as u32;
            prop_assert_eq!(length, depth(leaves(steps)));
        }
    }
}
