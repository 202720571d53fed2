//! Normal noise from 32 random bits, in integers.
//!
//! One bit is the sign. The others make a probability m / 2³³ with m odd, whose distance from the
//! median comes from a table with eight entries for each octave of m: so the tails are as accurate as
//! the middle.

use crate::{
    arithmetic::{bit_length, interpolate, saturate},
    sampling::philox,
    Hasher256,
};

/// The x with 1 − Φ(x) = 2^⌊j/8⌋ · (1 + (j mod 8)/8) / 2³³ for j = 0 … 256 in Q16, rounded to nearest.
#[rustfmt::skip]
pub static NORMAL: [i32; 257] = [
    415_364, 414_173, 413_105, 412_136, 411_250, 410_433, 409_675, 408_968, 408_306, 407_095,
    406_009, 405_024, 404_123, 403_292, 402_522, 401_803, 401_130, 399_898, 398_793, 397_791,
    396_875, 396_029, 395_245, 394_514, 393_829, 392_576, 391_451, 390_431, 389_498, 388_638,
    387_839, 387_095, 386_397, 385_121, 383_975, 382_937, 381_986, 381_110, 380_296, 379_538,
    378_827, 377_526, 376_359, 375_300, 374_331, 373_438, 372_609, 371_835, 371_111, 369_784,
    368_594, 367_514, 366_526, 365_614, 364_768, 363_979, 363_239, 361_886, 360_671, 359_569,
    358_560, 357_629, 356_765, 355_959, 355_204, 353_822, 352_581, 351_454, 350_423, 349_472,
    348_590, 347_766, 346_994, 345_580, 344_312, 343_160, 342_105, 341_133, 340_230, 339_387,
    338_597, 337_151, 335_852, 334_673, 333_593, 332_597, 331_673, 330_810, 330_000, 328_519,
    327_188, 325_980, 324_873, 323_852, 322_904, 322_019, 321_190, 319_670, 318_305, 317_065,
    315_930, 314_882, 313_909, 313_000, 312_148, 310_587, 309_185, 307_912, 306_745, 305_668,
    304_667, 303_733, 302_857, 301_252, 299_809, 298_499, 297_298, 296_189, 295_159, 294_197,
    293_295, 291_642, 290_155, 288_805, 287_567, 286_423, 285_361, 284_369, 283_438, 281_732,
    280_197, 278_803, 277_524, 276_343, 275_245, 274_219, 273_257, 271_492, 269_905, 268_462,
    267_138, 265_915, 264_779, 263_716, 262_719, 260_890, 259_244, 257_747, 256_374, 255_104,
    253_924, 252_821, 251_785, 249_884, 248_173, 246_616, 245_187, 243_865, 242_636, 241_487,
    240_408, 238_426, 236_642, 235_017, 233_525, 232_145, 230_861, 229_660, 228_531, 226_458,
    224_590, 222_888, 221_325, 219_878, 218_531, 217_270, 216_085, 213_907, 211_943, 210_153,
    208_507, 206_982, 205_563, 204_233, 202_983, 200_683, 198_608, 196_714, 194_971, 193_356,
    191_851, 190_440, 189_113, 186_670, 184_462, 182_445, 180_588, 178_865, 177_257, 175_750,
    174_330, 171_714, 169_346, 167_181, 165_184, 163_329, 161_597, 159_970, 158_437, 155_608,
    153_042, 150_691, 148_519, 146_500, 144_610, 142_834, 141_156, 138_055, 135_235, 132_646,
    130_248, 128_013, 125_918, 123_944, 122_076, 118_613, 115_453, 112_540, 109_834, 107_304,
    104_924, 102_675, 100_540, 96_565, 92_917, 89_536, 86_377, 83_408, 80_600, 77_933, 75_389,
    70_616, 66_191, 62_048, 58_140, 54_428, 50_884, 47_482, 44_203, 37_954, 32_032, 26_362, 20_882,
    15_545, 10_310, 5139, 0,
];

/// Bits of a fraction between two entries of [`NORMAL`].
const FRACTION_BITS: i32 = 16;

/// Normal noise of deviation 1 in Q16 from 32 uniform bits: at most 6.4, 20 bits with the sign.
pub fn normal(random: u32) -> i32 {
    let m = 2 * u64::from(random & 0x7fff_ffff) + 1;
    // m is odd and has at most 32 bits.
    let octave = bit_length(m) - 1;
    // The mantissa below its leading one: three bits choose the entry, sixteen the way to the next.
    let mantissa = (m << (32 - octave)) & 0xffff_ffff;
    let place =
        i64::from(octave) << (FRACTION_BITS + 3) | (mantissa >> (32 - FRACTION_BITS - 3)) as i64;
    let z = saturate(interpolate(&NORMAL, place, FRACTION_BITS));
    if random >> 31 == 0 {
        z
    } else {
        -z
    }
}

/// The generator's key for a job's seed.
pub fn key<H: Hasher256>(seed: u64) -> [u32; 2] {
    let hash = H::hash(&[b"aipg/noise/1", &seed.to_le_bytes()]);
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}

/// The noise of values number `4 · block` to `4 · block + 3` of a latent picture, Q16.
pub fn noise(key: [u32; 2], block: u32) -> [i32; 4] {
    philox([block, 0, 0, 0], key).map(normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hash, hex, Blake};

    fn hash_of(numbers: impl Iterator<Item = i32>) -> String {
        let bytes: Vec<u8> = numbers.flat_map(i32::to_le_bytes).collect();
        hex(&hash(&bytes))
    }

    /// The hashes that the specification and `scripts/reference` have.
    #[test]
    fn noise_should_keep_its_bits() {
        assert_eq!(
            hash_of(NORMAL.into_iter()),
            "0fca7e3d6f69eadf7fb8e8f88f4a14ced3b1d26a0866eb27db6c7c6ff7291b8d"
        );
        assert_eq!(
            hash_of((0..1u32 << 16).map(|step| normal(step * 65_537))),
            "8cb7cd43bd90c845d8838915bafdf516ae808aae88dba5659c67b767bd4cd648"
        );
    }

    #[test]
    fn noise_should_follow_from_the_seed() {
        let key = key::<Blake>(42);
        let found = [noise(key, 0), noise(key, 1)].concat();
        let expected = [
            10_810, 52_258, 1_544, 11_031, 37_048, -39_898, 161_184, 51_558,
        ];
        assert_eq!(found, expected);
        assert_ne!(key, super::key::<Blake>(43));
        assert_ne!(key, crate::sampling::key::<Blake>(42));
    }

    /// Φ(−x) for x ≥ 0, by the trapezoidal rule over the density.
    fn tail(x: f64) -> f64 {
        let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let step = 1.0 / 4_096.0;
        (0..40_000)
            .map(|i| {
                let from = x + f64::from(i) * step;
                (density(from) + density(from + step)) * step / 2.0
            })
            .sum()
    }

    #[test]
    fn table_should_be_the_quantiles() {
        for (j, entry) in (0..).zip(NORMAL).step_by(7) {
            let u = f64::from(1u32 << (j / 8)) * (1.0 + f64::from(j % 8) / 8.0) / 2f64.powi(33);
            let x = f64::from(entry) / 65_536.0;
            // Half a unit of the table, and the error of the integral.
            let slack = 0.51 / 65_536.0;
            assert!(tail(x - slack) >= u * (1.0 - 1e-7), "{j}");
            assert!(tail(x + slack) <= u * (1.0 + 1e-7), "{j}");
        }
        assert_eq!(NORMAL[256], 0);
        assert!(NORMAL.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn normal_should_be_symmetric_and_hold_on_extremes() {
        assert_eq!((normal(0), normal(1 << 31)), (NORMAL[0], -NORMAL[0]));
        // The last probability is 2³² − 1 of 2³³, just above the median.
        assert_eq!((normal(0x7fff_ffff), normal(u32::MAX)), (0, 0));
        let mut before = i32::MAX;
        for bit in 0..31 {
            for random in [(1u32 << bit) - 1, 1 << bit, (1 << bit) + 1] {
                assert_eq!(normal(random), -normal(random | 1 << 31));
                assert!(normal(random) <= NORMAL[0]);
            }
            assert!(normal(1 << bit) < before, "{bit}");
            before = normal(1 << bit);
        }
    }
}
