//! What a device has to do: hold memory and run kernels. Everything above this line is the same for a GPU
//! and for the tests' processor.

use std::fmt::Debug;
use thiserror::Error;

/// Why a device did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// There is not so much memory.
    #[error("OutOfDeviceMemory: {bytes} bytes more do not fit: {reason}")]
    OutOfMemory {
        /// What was asked for.
        bytes: usize,
        /// What the device said.
        reason: String,
    },
    /// The kernels do not compile for this device.
    #[error("KernelsDoNotCompile: {0}")]
    Compile(String),
    /// The driver refused, or something before it failed on the device.
    #[error("DeviceFailed: {action}: {reason}")]
    Failed {
        /// What it was to do.
        action: String,
        /// What the device said.
        reason: String,
    },
    /// The model makes pictures.
    #[error("PictureModel: pictures are made on the processor only")]
    PictureModel,
}

/// Memory of a device; given back when dropped.
pub trait Memory: Debug + Send {
    /// Where it begins, aligned to at least 16 bytes, as kernels see it.
    fn address(&self) -> u64;

    /// Copies bytes to the device, from `offset` on.
    ///
    /// # Errors
    /// [`DeviceError::Failed`] if the device does, or if the bytes do not fit.
    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), DeviceError>;

    /// Waits for what was launched before and copies bytes from the device.
    ///
    /// # Errors
    /// [`DeviceError::Failed`] if the device does, also of what was launched before.
    fn read(&self, offset: usize, bytes: &mut [u8]) -> Result<(), DeviceError>;
}

/// A device that runs the kernels of [`crate::source`].
///
/// Launches and copies happen in the order in which they were asked for.
pub trait Device: Debug + Send + Sync {
    /// What it is, for people.
    fn describe(&self) -> String;

    /// Memory of zeros.
    ///
    /// # Errors
    /// [`DeviceError::OutOfMemory`] if there is not so much.
    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, DeviceError>;

    /// Starts a kernel.
    ///
    /// # Errors
    /// [`DeviceError::Failed`] if the device refuses.
    fn launch(&self, launch: &Launch) -> Result<(), DeviceError>;
}

/// The kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are those of kernels/*.cu")]
pub enum Kernel {
    Embed,
    Normalise,
    QuantiseRows,
    GateRows,
    PlaceHeads,
    Product1,
    Product2,
    Product4,
    Product8,
    ProductTile32,
    ProductTile64,
    AttentionBegin,
    AttentionScores,
    AttentionWeigh,
    AttentionFinish,
    Greedy,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Embed,
        Self::Normalise,
        Self::QuantiseRows,
        Self::GateRows,
        Self::PlaceHeads,
        Self::Product1,
        Self::Product2,
        Self::Product4,
        Self::Product8,
        Self::ProductTile32,
        Self::ProductTile64,
        Self::AttentionBegin,
        Self::AttentionScores,
        Self::AttentionWeigh,
        Self::AttentionFinish,
        Self::Greedy,
    ];

    /// Its name in the source.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Normalise => "normalise",
            Self::QuantiseRows => "quantise_rows",
            Self::GateRows => "gate_rows",
            Self::PlaceHeads => "place_heads",
            Self::Product1 => "product_1",
            Self::Product2 => "product_2",
            Self::Product4 => "product_4",
            Self::Product8 => "product_8",
            Self::ProductTile32 => "product_tile_32",
            Self::ProductTile64 => "product_tile_64",
            Self::AttentionBegin => "attention_begin",
            Self::AttentionScores => "attention_scores",
            Self::AttentionWeigh => "attention_weigh",
            Self::AttentionFinish => "attention_finish",
            Self::Greedy => "greedy",
        }
    }
}

/// A kernel with its grid and its arguments. Only this crate makes one, after it has compared the lengths of
/// all buffers with what the kernel will touch.
#[derive(Clone, Debug)]
pub struct Launch {
    pub(crate) kernel: Kernel,
    pub(crate) grid: [u32; 3],
    pub(crate) threads: u32,
    pub(crate) arguments: Vec<u64>,
}

impl Launch {
    /// Which kernel.
    pub const fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Blocks along x, y and z.
    pub const fn grid(&self) -> [u32; 3] {
        self.grid
    }

    /// Threads of a block, all along x; whole warps.
    pub const fn threads(&self) -> u32 {
        self.threads
    }

    /// The kernel's one parameter: a structure of addresses and numbers, eight bytes each.
    pub fn arguments(&self) -> &[u64] {
        &self.arguments
    }
}
