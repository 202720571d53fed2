//! Where a machine stands.

use crate::api::runtime_types::aipg_primitives::types::Region as ChainRegion;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// Where a machine stands; jobs may ask for a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    #[default]
    Unspecified,
    Africa,
    Asia,
    Europe,
    NorthAmerica,
    Oceania,
    SouthAmerica,
}

/// The name is of no region.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no region; the regions are {names}", names = Region::NAMES.join(", "))]
pub struct UnknownRegion(pub String);

impl Region {
    const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::Africa,
        Self::Asia,
        Self::Europe,
        Self::NorthAmerica,
        Self::Oceania,
        Self::SouthAmerica,
    ];

    /// Every name that [`FromStr`] takes.
    pub const NAMES: [&'static str; 7] = [
        "unspecified",
        "africa",
        "asia",
        "europe",
        "north-america",
        "oceania",
        "south-america",
    ];

    /// The name, as settings and commands write it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        Self::ALL
            .into_iter()
            .find(|region| region.name() == text)
            .ok_or_else(|| UnknownRegion(text.to_owned()))
    }
}

impl From<ChainRegion> for Region {
    fn from(region: ChainRegion) -> Self {
        match region {
            ChainRegion::Unspecified => Self::Unspecified,
            ChainRegion::Africa => Self::Africa,
            ChainRegion::Asia => Self::Asia,
            ChainRegion::Europe => Self::Europe,
            ChainRegion::NorthAmerica => Self::NorthAmerica,
            ChainRegion::Oceania => Self::Oceania,
            ChainRegion::SouthAmerica => Self::SouthAmerica,
        }
    }
}

impl From<Region> for ChainRegion {
    fn from(region: Region) -> Self {
        match region {
            Region::Unspecified => Self::Unspecified,
            Region::Africa => Self::Africa,
            Region::Asia => Self::Asia,
            Region::Europe => Self::Europe,
            Region::NorthAmerica => Self::NorthAmerica,
            Region::Oceania => Self::Oceania,
            Region::SouthAmerica => Self::SouthAmerica,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_should_keep_its_name_and_its_place_on_the_chain() {
        for region in Region::ALL {
            assert_eq!(region.name().parse(), Ok(region));
            assert_eq!(serde_json::to_value(region).unwrap(), region.name());
            assert_eq!(Region::from(ChainRegion::from(region)), region);
        }
    }

    #[test]
    fn region_should_be_refused_when_no_region_has_the_name() {
        assert_eq!("mars".parse::<Region>(), Err(UnknownRegion("mars".into())));
    }
}
