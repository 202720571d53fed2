//! Which keys a query sees.

use super::*;
use crate::{
    header::{HeaderError, MAX_CONTEXT, MAX_LAYERS},
    testing::small_header,
    trace::sum::keys,
};

/// So no softmax is over nothing, in whatever model: a window has at least one key, the query's own.
#[test]
fn a_query_should_see_its_own_key_in_every_valid_model() {
    let mut numbers = Numbers(53);
    let (mut valid, mut empty) = (0, 0);
    for _ in 0..20_000 {
        let mut header = small_header();
        let layers = 1 + numbers.below(MAX_LAYERS as u64) as usize;
        header.layers = layers as u32;
        header.value_formats = [0; MAX_LAYERS];
        header.value_formats[..layers].fill(12);
        header.max_context = 2 + numbers.below([4, u64::from(MAX_CONTEXT) - 1][layers % 2]) as u32;
        header.window = match numbers.below(4) {
            0 => 0,
            1 => 1,
            _ => numbers.below(u64::from(header.max_context) + 2) as u32,
        };
        if numbers.below(4) > 0 {
            let layer = numbers.below(layers as u64) as usize;
            header.window_layers[layer / 8] |= 1 << (layer % 8);
            if header.window == 0 {
                assert_eq!(header.validate(), Err(HeaderError::Window));
                empty += 1;
            }
        }
        if header.validate().is_err() {
            continue;
        }
        valid += 1;
        let most = u64::from(header.max_context);
        let window = u64::from(header.window);
        let job = Job {
            header: &header,
            prompt: 1,
            output: header.max_context - 1,
            sampling: None,
        };
        for layer in 0..layers {
            for row in [0, 1, window.max(1) - 1, window, most - 1] {
                let keys = keys(&job, layer, row);
                assert!(keys.contains(&row), "{row}: {keys:?}");
                assert_eq!(keys.end, row + 1);
                let seen = header.window_of(layer).map_or(u64::MAX, u64::from);
                assert_eq!(keys.end - keys.start, seen.min(row + 1));
            }
        }
    }
    assert!(valid > 5_000 && empty > 1_000, "{valid}, {empty}");
}
