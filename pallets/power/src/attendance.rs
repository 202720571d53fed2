//! Which of the last windows a worker attended.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Windows that are remembered.
pub const REMEMBERED: u32 = 100;

/// One bit for each remembered window.
const MASK: u128 = (1 << REMEMBERED) - 1;

/// The windows that a worker attended; at least one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Attendance {
    /// The first window attended.
    pub first: u32,
    /// The last window attended.
    pub last: u32,
    /// Bit i: window `last` − i was attended.
    pub mask: u128,
}

impl Attendance {
    /// Of a worker that attends for the first time.
    pub const fn new(window: u32) -> Self {
        Self {
            first: window,
            last: window,
            mask: 1,
        }
    }

    /// A window later than the last one is attended.
    pub fn attend(&mut self, window: u32) {
        self.mask = self.mask_before(window.saturating_add(1)) | 1;
        self.last = window;
    }

    /// The windows before window `end`: bit i is that of `end` − 1 − i.
    fn mask_before(&self, end: u32) -> u128 {
        let passed = end.saturating_sub(1).saturating_sub(self.last);
        self.mask.checked_shl(passed).unwrap_or_default() & MASK
    }

    /// How many of the remembered windows before window `end` were attended. A window that was attended counts
    /// even if it is not over.
    pub fn attended(&self, end: u32) -> u32 {
        self.mask_before(end).count_ones()
    }

    /// Remembered windows before window `end`, and since the first one attended.
    pub fn windows(&self, end: u32) -> u32 {
        let end = end.max(self.last.saturating_add(1));
        end.saturating_sub(self.first).min(REMEMBERED)
    }

    /// Whether none of the last `count` windows before window `end` was attended.
    pub fn missed(&self, count: u32, end: u32) -> bool {
        self.last.saturating_add(count) < end
    }

    /// Whether this can be.
    #[cfg(any(feature = "std", feature = "try-runtime"))]
    pub(crate) fn is_consistent(&self) -> bool {
        let before_first = self.windows(self.last);
        self.first <= self.last
            && self.mask & 1 == 1
            && self.mask <= MASK
            && self.mask.checked_shr(before_first).unwrap_or_default() == 0
    }
}
