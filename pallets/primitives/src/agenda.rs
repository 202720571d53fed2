//! When agendas look again at what they could not move on.

/// Blocks, or ticks, after which a step that could not be taken is tried again.
pub const RETRY_AFTER: u32 = 8;

/// Blocks after which a beacon that is still not complete is given up for a new one: fewer than it is kept for.
pub const BEACON_PATIENCE: u32 = 24;

/// [`RETRY_AFTER`] for what has waited for `age` already: an eighth of that, at least as much. However much
/// waits, and however long, it takes few steps from others then.
pub const fn pause_at(age: u32) -> u32 {
    let eighth = age / 8;
    if eighth > RETRY_AFTER {
        eighth
    } else {
        RETRY_AFTER
    }
}
