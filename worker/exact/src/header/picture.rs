//! What the header of a picture model says of the picture.
//!
//! A picture model has no windows, so the fields of the windows hold these numbers.

use super::{HeaderError, ModelHeader, HADAMARD_WIDTH, TEMPLATE_PICTURE};

/// Most steps.
pub const MAX_STEPS: u32 = 64;

/// Most passes of a picture through a layer, steps · layers; a trace then has under 2¹⁶ tensors.
pub const MAX_PASSES: u32 = 1 << 12;

/// Most values of a picture, three for each pixel, and so output tokens of a job.
pub const MAX_PICTURE_VALUES: u32 = 1 << 16;

/// Most rows of a step, patches and prompt together; the work of a job then fits a u64.
pub const MAX_PICTURE_CONTEXT: u32 = 1 << 14;

/// Smallest vocabulary of a picture model: every byte is an output token.
pub const PICTURE_VOCABULARY: u32 = 256;

/// Bits of [`Picture::flags`].
pub mod patch {
    /// The input of the patch matrix is rotated by Hadamard-64.
    pub const HADAMARD: u32 = 1;
    /// The input of the patch matrix has 16-bit activations.
    pub const WIDE: u32 = 1 << 1;
}

/// What a picture model makes, and in how many steps.
///
/// A patch's values stand in the order pixel row, pixel column, channel (red, green, blue); patches go
/// from left to right, then from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Passes through the layers, S: 1 to [`MAX_STEPS`].
    pub steps: u32,
    /// Height in pixels, a multiple of `patch`.
    pub height: u32,
    /// Width in pixels, a multiple of `patch`.
    pub width: u32,
    /// Side of a patch in pixels, p.
    pub patch: u32,
    /// Flags of the patch matrix, see [`patch`].
    pub flags: u32,
}

impl Picture {
    /// Number of patches, N = (height / p) · (width / p).
    pub fn patches(&self) -> u32 {
        let along = |pixels: u32| pixels.checked_div(self.patch).unwrap_or(0);
        along(self.height).saturating_mul(along(self.width))
    }

    /// Values of a patch, c = 3p².
    pub const fn patch_values(&self) -> u32 {
        self.patch.saturating_mul(self.patch).saturating_mul(3)
    }

    /// Values of the picture, 3 · height · width: the output tokens of a job.
    pub const fn values(&self) -> u32 {
        self.height.saturating_mul(self.width).saturating_mul(3)
    }

    /// Checks the numbers against each other, the layers and the context.
    pub(super) fn validate(&self, layers: u32, max_context: u32) -> Result<(), HeaderError> {
        let check = |holds: bool, error: HeaderError| if holds { Ok(()) } else { Err(error) };
        check(
            (1..=MAX_STEPS).contains(&self.steps)
                && self.steps.saturating_mul(layers) <= MAX_PASSES,
            HeaderError::Steps,
        )?;
        let fits = |pixels: u32| pixels.checked_rem(self.patch) == Some(0);
        check(
            fits(self.height)
                && fits(self.width)
                && (1..=MAX_PICTURE_VALUES).contains(&self.values())
                && self.patches() < max_context,
            HeaderError::Picture,
        )?;
        check(
            self.flags & !(patch::HADAMARD | patch::WIDE) == 0,
            HeaderError::UnknownFlag,
        )?;
        check(
            self.flags & patch::HADAMARD == 0 || self.patch_values().is_multiple_of(HADAMARD_WIDTH),
            HeaderError::HadamardWidth,
        )
    }
}

impl ModelHeader {
    /// What a picture model makes; `None` for other templates.
    pub fn picture(&self) -> Option<Picture> {
        if self.template != TEMPLATE_PICTURE {
            return None;
        }
        let (numbers, _) = self.window_layers.as_chunks::<4>();
        let [height, width, patch, flags] = numbers.first_chunk::<4>()?.map(u32::from_le_bytes);
        Some(Picture {
            steps: self.window,
            height,
            width,
            patch,
            flags,
        })
    }

    /// Makes this the header of a picture model.
    pub fn set_picture(&mut self, picture: &Picture) {
        self.template = TEMPLATE_PICTURE;
        self.window = picture.steps;
        let numbers = [picture.height, picture.width, picture.patch, picture.flags];
        let bytes = numbers.into_iter().flat_map(u32::to_le_bytes);
        for (slot, byte) in self.window_layers.iter_mut().zip(bytes) {
            *slot = byte;
        }
    }

    /// How many lists of norms the model has: one for each step of a picture, else one.
    pub fn norm_lists(&self) -> u32 {
        self.picture().map_or(1, |picture| picture.steps)
    }
}

#[cfg(test)]
mod tests;
