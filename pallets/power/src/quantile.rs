//! How fast the fastest tenth is: a quantile of what machines commit to, estimated from one number at a time.

/// Samples above the estimate weigh so many times what those below it do: it rests where one of ten is above.
const ABOVE: u32 = 9;

/// The estimate moves by this part of itself, or by one.
const PART: u32 = 256;

/// The estimate after another sample: stochastic approximation (Robbins and Monro, 1951) of the 90 %
/// quantile, in steps that are proportional to the estimate.
pub fn toward(estimate: u32, sample: u32) -> u32 {
    let part = estimate.checked_div(PART).unwrap_or_default().max(1);
    if sample > estimate {
        estimate.saturating_add(part.saturating_mul(ABOVE))
    } else if sample < estimate {
        estimate.saturating_sub(part)
    } else {
        estimate
    }
}
