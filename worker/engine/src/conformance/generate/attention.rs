//! Scores, value scales and heads.

use super::{Collection, Numbers};
use aipg_vectors::attention::{Attend, Score, ValueScale};

pub(super) fn attention(collection: &mut Collection, numbers: &mut Numbers) {
    for width in [1, 2, 64, 256] {
        for _ in 0..3 {
            let ((query_mantissa, query_exponent), (key_mantissa, key_exponent)) =
                (numbers.scale(), numbers.scale());
            collection.add(
                "score",
                Score {
                    query: numbers.int8s(width),
                    query_mantissa,
                    query_exponent,
                    key: numbers.int8s(width),
                    key_mantissa,
                    key_exponent,
                    score_scale: numbers.below(1 << 30) as u32 + 1,
                },
            );
        }
    }
    for exponent in [-100, 0, 13, 100] {
        collection.add(
            "score",
            Score {
                query: vec![127; 256],
                query_mantissa: u16::MAX,
                query_exponent: exponent,
                key: vec![-127; 256],
                key_mantissa: u16::MAX,
                key_exponent: 0,
                score_scale: 1 << 30,
            },
        );
    }
    for (mantissa, exponent, value_format) in [
        (1 << 15, 0, 12),
        (u16::MAX, -3, 16),
        (u16::MAX, -30, 2),
        (40_000, -7, 10),
        (1, i32::MAX, 2),
        (1, i32::MIN, 2),
    ] {
        collection.add(
            "value_scale",
            ValueScale {
                mantissa,
                exponent,
                value_format,
            },
        );
    }
    for (positions, columns, value_format, bits) in [
        (1, 3, 12, 20),
        (2, 1, 2, 31),
        (17, 4, 16, 18),
        (100, 8, 10, 19),
        (40, 5, 12, 31),
    ] {
        collection.add(
            "attend",
            Attend {
                scores: numbers.list(positions, |numbers| numbers.signed(bits) as i32),
                values: numbers.int8s(positions * columns),
                columns,
                value_scales: numbers.list(positions, |numbers| numbers.next() as u16),
                value_format,
            },
        );
    }
    // No key, a tie of all, both ends of the range, a sink whose weight leaves little for the others.
    let keys = |scores: Vec<i32>, numbers: &mut Numbers| Attend {
        values: numbers.int8s(scores.len() * 2),
        columns: 2,
        value_scales: vec![u16::MAX; scores.len()],
        value_format: 12,
        scores,
    };
    let sink = [vec![0], vec![-(15 << 16); 300]].concat();
    for scores in [vec![], vec![5; 9], vec![i32::MAX, -i32::MAX], sink] {
        let inputs = keys(scores, numbers);
        collection.add("attend", inputs);
    }
}
