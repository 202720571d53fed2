//! Which values of its components a benchmark is run with.

use frame_benchmarking::BenchmarkParameter;
use std::collections::BTreeSet;

/// A component of a benchmark: a number on which its cost may depend, and its range.
pub type Component = (BenchmarkParameter, u32, u32);
/// One value for each component.
pub type Values = Vec<(BenchmarkParameter, u32)>;

/// Every component alone goes through its range, while the others are at their most.
///
/// A benchmark without components is run once with none.
pub fn plan(components: &[Component], steps: u32) -> Vec<Values> {
    if components.is_empty() {
        return vec![Values::new()];
    }
    let mut plan = Vec::new();
    for &(moving, least, most) in components {
        for value in spread(least, most, steps) {
            let values = components.iter().map(|&(component, _, most)| {
                let value = if component == moving { value } else { most };
                (component, value)
            });
            plan.push(values.collect());
        }
    }
    plan
}

/// At most `steps` different numbers from `least` to `most`, both included, as even as they can be.
fn spread(least: u32, most: u32, steps: u32) -> BTreeSet<u32> {
    let width = u64::from(most.saturating_sub(least));
    let gaps = u64::from(steps.max(2)) - 1;
    (0..=gaps)
        .filter_map(|step| u32::try_from(width * step / gaps).ok())
        .map(|offset| least.saturating_add(offset).min(most))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use BenchmarkParameter::{b, c};

    fn values(least: u32, most: u32, steps: u32) -> Vec<u32> {
        spread(least, most, steps).into_iter().collect()
    }

    #[test]
    fn spread_should_hold_both_ends_when_steps_do_not_divide_the_range() {
        assert_eq!(values(0, 100, 2), [0, 100]);
        assert_eq!(values(1, 16, 4), [1, 6, 11, 16]);
        assert_eq!(values(0, 10, 4), [0, 3, 6, 10]);
        assert_eq!(values(0, u32::MAX, 3), [0, u32::MAX / 2, u32::MAX]);
    }

    #[test]
    fn spread_should_repeat_no_value_when_the_range_is_shorter_than_the_steps() {
        assert_eq!(values(1, 4, 50), [1, 2, 3, 4]);
        assert_eq!(values(7, 7, 50), [7]);
    }

    #[test]
    fn plan_should_move_one_component_at_a_time_and_leave_the_others_at_their_most() {
        let planned = plan(&[(b, 0, 8), (c, 1, 5)], 3);
        assert_eq!(
            planned,
            [
                [(b, 0), (c, 5)],
                [(b, 4), (c, 5)],
                [(b, 8), (c, 5)],
                [(b, 8), (c, 1)],
                [(b, 8), (c, 3)],
                [(b, 8), (c, 5)],
            ]
        );
    }

    #[test]
    fn plan_should_be_one_run_when_nothing_varies() {
        assert_eq!(plan(&[], 20), [Values::new()]);
    }
}
