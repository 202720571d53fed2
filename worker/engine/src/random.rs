//! Numbers that look random, the same on every machine, for checks, vectors and measurements.

/// The multiplicative congruential generator with the multiplier of L'Ecuyer (1999), its halves mixed.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        self.0 ^ (self.0 >> 32)
    }
}
