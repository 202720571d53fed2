//! Settings and draws: settings are refused or give parameters in range; a draw is the one that the
//! definition gives when it is followed word for word.
#![no_main]

use aipg_engine::{
    sampling::{Parameters, Settings},
    Blake2b256,
};
use aipg_exact::{
    arithmetic::rsh,
    attention::exp2_negative,
    sampling::{choose, gumbel, key, philox, WHOLE},
};
use libfuzzer_sys::fuzz_target;

/// Section 3 of the specification, with a sort.
fn defined(logits: &[i32], how: &Parameters, key: [u32; 2], ordinal: u32) -> Option<u32> {
    let z: Vec<i64> = logits
        .iter()
        .map(|&logit| rsh(i64::from(logit) * i64::from(how.beta), 16))
        .collect();
    let largest = *z.iter().max()?;
    let mut order: Vec<usize> = (0..z.len()).collect();
    order.sort_by_key(|&i| (largest - z[i], i));
    let weight = |i: usize| u64::from(exp2_negative(rsh((largest - z[i]) * 94_548, 16)));
    let total: u64 = order.iter().map(|&i| weight(i)).sum();
    let (mut kept, mut sum) = (Vec::new(), 0);
    for (place, &i) in order.iter().enumerate() {
        let near = how
            .min_p
            .is_none_or(|most| largest - z[i] <= i64::from(most));
        let among = how.top_k == 0 || place < how.top_k as usize;
        let before = how.top_p == WHOLE || sum << 16 < u64::from(how.top_p) * total || place == 0;
        if near && among && before {
            kept.push(i);
        }
        sum += weight(i);
    }
    kept.sort_unstable();
    let value = |i: usize| {
        let words = philox([i as u32 / 4, ordinal, 0, 0], key);
        z[i] + gumbel(words[i % 4])
    };
    let best = kept.iter().map(|&i| value(i)).max()?;
    kept.into_iter()
        .find(|&i| value(i) == best)
        .map(|i| i as u32)
}

fuzz_target!(|data: &[u8]| {
    let Some((numbers, logits)) = data.split_first_chunk::<28>() else {
        return;
    };
    let word = |at: usize| u32::from_le_bytes(numbers[at..at + 4].try_into().unwrap());
    let float = |at: usize| f64::from(f32::from_bits(word(at)));
    let settings = Settings {
        temperature: float(0),
        top_k: word(4),
        top_p: float(8),
        min_p: float(12),
    };
    if let Ok(Some(parameters)) = settings.parameters() {
        assert_eq!(parameters.check(), Ok(()));
    }
    let parameters = Parameters {
        beta: 1 + word(0) % (1 << 20),
        top_k: word(4) % 64,
        top_p: 1 + word(8) % WHOLE,
        min_p: (numbers[16] & 1 == 0).then(|| word(12)),
    };
    let logits: Vec<i32> = logits
        .chunks_exact(4)
        .map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap()).max(-i32::MAX))
        .collect();
    let (key, ordinal) = (key::<Blake2b256>(word(20).into()), word(24));
    let drawn = choose(&logits, &parameters, key, ordinal, &mut Vec::new());
    assert_eq!(drawn, defined(&logits, &parameters, key, ordinal));
});
