//! When agendas look again at what they could not move on.

/// Blocks, or ticks, after which a step that could not be taken is tried again.
pub const RETRY_AFTER: u32 = 8;

/// The same for what has waited for `age` already: an eighth of that, at least [`RETRY_AFTER`]. However much
/// waits, and however long, it takes few steps from others then.
pub const fn pause_at(age: u32) -> u32 {
    let eighth = age / 8;
    if eighth > RETRY_AFTER {
        eighth
    } else {
        RETRY_AFTER
    }
}
